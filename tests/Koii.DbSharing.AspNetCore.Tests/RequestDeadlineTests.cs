using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>The time limits of a request, on a clock that the test moves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RequestDeadlineTests : IDisposable
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    private readonly RequestClock _clock = new();
    private readonly DefaultHttpContext _context = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lifetime _lifetime = new();
    private readonly Response _response = new();
    private readonly RequestDeadline _deadline;

    public RequestDeadlineTests()
    {
        _context.Features.Set<IHttpRequestLifetimeFeature>(_lifetime);
        _context.Features.Set<IHttpResponseFeature>(_response);
        var limits = new DbSharingEndpointOptions { IdleTimeout = 10 * OneSecond, MinBytesPerSecond = 100, RequestTimeout = 60 * OneSecond };
        _deadline = new RequestDeadline(_context, limits, _clock, _stopping.Token);
    }

    public void Dispose()
    {
        _deadline.Dispose();
        Assert.That(_clock.IsIdle, Is.True, "a timer was not disposed");
        _lifetime.Dispose();
        _stopping.Dispose();
    }

    [Test]
    public async Task Request_goes_on_while_the_client_is_fast_enough()
    {
        for (var i = 0; i < 50; i++)
            await WaitAsync(OneSecond, bytes: 100);

        AssertGoesOn();
    }

    [Test]
    public async Task Idle_client_ends_the_request()
    {
        var pending = new TaskCompletionSource<int>();
        var wait = _deadline.WaitAsync(new ValueTask<int>(pending.Task));
        _clock.Advance(10 * OneSecond - TimeSpan.FromTicks(1));
        AssertGoesOn();
        _clock.Advance(TimeSpan.FromTicks(1));

        AssertEnded(isClientSlow: true, isAborted: false);
        pending.SetResult(0);
        await wait;
    }

    [Test]
    public async Task Time_between_waits_is_not_counted_against_the_client()
    {
        await WaitAsync(OneSecond, bytes: 1000);
        _clock.Advance(50 * OneSecond);

        AssertGoesOn();
    }

    [Test]
    public async Task Least_rate_applies_after_the_idle_timeout()
    {
        for (var i = 0; i < 9; i++)
            await WaitAsync(OneSecond, bytes: 99);
        AssertGoesOn();

        await WaitAsync(OneSecond, bytes: 99);

        AssertEnded(isClientSlow: true, isAborted: false);
    }

    [Test]
    public async Task Bytes_without_a_wait_count_for_the_rate()
    {
        await _deadline.WaitAsync(new ValueTask<int>(0));
        _deadline.Count(2000);
        for (var i = 0; i < 20; i++)
            await WaitAsync(OneSecond, bytes: 0);
        AssertGoesOn();

        await WaitAsync(OneSecond, bytes: 0);

        AssertEnded(isClientSlow: true, isAborted: false);
    }

    [Test]
    public async Task Late_wait_is_canceled_unless_the_response_has_started([Values] bool hasStarted)
    {
        if (hasStarted)
            _response.Start();
        var pending = new TaskCompletionSource<int>();
        var isCanceled = false;
        var wait = _deadline.WaitAsync(new ValueTask<int>(pending.Task), () => isCanceled = true);

        _clock.Advance(10 * OneSecond);

        Assert.That(isCanceled, Is.EqualTo(!hasStarted));
        pending.SetResult(0);
        await wait;
    }

    [Test]
    public void Request_ends_after_its_timeout()
    {
        _clock.Advance(60 * OneSecond);

        AssertEnded(isClientSlow: false, isAborted: false);
    }

    [Test]
    public void Request_timeout_aborts_a_response_that_has_started()
    {
        _response.Start();
        _clock.Advance(60 * OneSecond);

        AssertEnded(isClientSlow: false, isAborted: true);
    }

    [Test]
    public void Client_that_disconnects_cancels_the_request_and_exceeds_no_limit()
    {
        _lifetime.Abort();

        Assert.That(_deadline.Token.IsCancellationRequested, Is.True);
        Assert.That(_deadline.IsExceeded, Is.False);
    }

    [Test]
    public void Deadline_that_is_over_does_not_abort_the_next_request()
    {
        _response.Start();
        _deadline.Dispose();
        _clock.Advance(100 * OneSecond);

        AssertGoesOn();
        Assert.That(_lifetime.IsAborted, Is.False);
    }

    [Test]
    public void Request_ends_a_second_after_the_application_begins_to_stop([Values] bool hasStarted)
    {
        if (hasStarted)
            _response.Start();
        _stopping.Cancel();
        _clock.Advance(OneSecond - TimeSpan.FromTicks(1));
        AssertGoesOn();
        _clock.Advance(TimeSpan.FromTicks(1));

        AssertEnded(isClientSlow: false, isAborted: hasStarted);
        Assert.That((_deadline.IsStopping, _deadline.IsAborted), Is.EqualTo((true, hasStarted)));
    }

    [Test]
    public async Task Request_that_waits_for_its_body_is_aborted_when_the_application_stops()
    {
        var pending = new TaskCompletionSource<int>();
        var isCanceled = false;
        var wait = _deadline.WaitAsync(new ValueTask<int>(pending.Task), () => isCanceled = true);
        _stopping.Cancel();

        _clock.Advance(OneSecond);

        AssertEnded(isClientSlow: false, isAborted: true);
        Assert.That(isCanceled, Is.False, "the server ends the read when it aborts the connection");
        pending.SetResult(0);
        await wait;
    }

    [Test]
    public void Request_that_begins_while_the_application_stops_has_a_second()
    {
        _stopping.Cancel();
        using var late = new RequestDeadline(_context, new DbSharingEndpointOptions(), _clock, _stopping.Token);
        _clock.Advance(OneSecond);

        Assert.That(late.IsStopping, Is.True);
    }

    private async Task WaitAsync(TimeSpan time, int bytes)
    {
        var pending = new TaskCompletionSource<int>();
        var wait = _deadline.WaitAsync(new ValueTask<int>(pending.Task));
        _clock.Advance(time);
        pending.SetResult(0);
        await wait;
        _deadline.Count(bytes);
    }

    private void AssertGoesOn() => Assert.That((_deadline.IsExceeded, _deadline.Token.IsCancellationRequested), Is.EqualTo((false, false)));

    private void AssertEnded(bool isClientSlow, bool isAborted)
    {
        Assert.That((_deadline.IsExceeded, _deadline.Token.IsCancellationRequested), Is.EqualTo((true, true)));
        Assert.That((_deadline.IsClientSlow, _lifetime.IsAborted), Is.EqualTo((isClientSlow, isAborted)));
    }

    private sealed class Response : HttpResponseFeature
    {
        private bool _hasStarted;

        public override bool HasStarted => _hasStarted;

        public void Start() => _hasStarted = true;
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature, IDisposable
    {
        private readonly CancellationTokenSource _aborted = new();

        public Lifetime() => RequestAborted = _aborted.Token;

        public bool IsAborted => _aborted.IsCancellationRequested;

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => _aborted.Cancel();

        public void Dispose() => _aborted.Dispose();
    }
}
