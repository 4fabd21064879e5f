using Koii.DbSharing.TestSupport;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>When a client is too slow, on a clock that the test moves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ClientPaceTests : IDisposable
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _clock = new();
    private readonly DefaultHttpContext _context = new();
    private readonly Lifetime _lifetime = new();
    private readonly Answer _answer = new();
    private readonly ClientPace _pace;

    public ClientPaceTests()
    {
        _context.Features.Set<IHttpRequestLifetimeFeature>(_lifetime);
        _context.Features.Set<IHttpResponseFeature>(_answer);
        _pace = new ClientPace(_context, new DbSharingEndpointOptions { IdleTimeout = 10 * OneSecond, MinBytesPerSecond = 100, RequestTimeout = 60 * OneSecond }, _clock);
    }

    public void Dispose()
    {
        _pace.Dispose();
        Assert.That(_clock.ArmedTimers, Is.Zero, "a timer was left behind");
        _lifetime.Dispose();
    }

    [Test]
    public async Task A_client_in_good_time_is_left_alone()
    {
        for (var i = 0; i < 50; i++)
            await WaitAsync(OneSecond, bytes: 100);

        AssertGoesOn();
    }

    [Test]
    public async Task Silence_ends_the_request()
    {
        var pending = new TaskCompletionSource<int>();
        var wait = _pace.WaitAsync(new ValueTask<int>(pending.Task));
        _clock.Advance(10 * OneSecond - TimeSpan.FromTicks(1));
        AssertGoesOn();
        _clock.Advance(TimeSpan.FromTicks(1));

        AssertEnded(isClientSlow: true, isAborted: false);
        pending.SetResult(0);
        await wait;
    }

    [Test]
    public async Task A_pause_in_our_own_work_is_not_the_clients()
    {
        await WaitAsync(OneSecond, bytes: 1000);
        _clock.Advance(50 * OneSecond);

        AssertGoesOn();
    }

    [Test]
    public async Task The_rate_counts_from_the_idle_timeout_on()
    {
        for (var i = 0; i < 9; i++)
            await WaitAsync(OneSecond, bytes: 99);
        AssertGoesOn();

        await WaitAsync(OneSecond, bytes: 99);

        AssertEnded(isClientSlow: true, isAborted: false);
    }

    [Test]
    public async Task What_came_without_a_wait_counts_for_the_rate()
    {
        await _pace.WaitAsync(new ValueTask<int>(0));
        _pace.Count(2000);
        for (var i = 0; i < 20; i++)
            await WaitAsync(OneSecond, bytes: 0);
        AssertGoesOn();

        await WaitAsync(OneSecond, bytes: 0);

        AssertEnded(isClientSlow: true, isAborted: false);
    }

    [Test]
    public async Task A_wait_is_ended_by_its_own_means_where_the_answer_has_not_begun([Values] bool hasBegun)
    {
        if (hasBegun)
            _answer.Begin();
        var pending = new TaskCompletionSource<int>();
        var isCancelled = false;
        var wait = _pace.WaitAsync(new ValueTask<int>(pending.Task), () => isCancelled = true);

        _clock.Advance(10 * OneSecond);

        Assert.That(isCancelled, Is.EqualTo(!hasBegun));
        pending.SetResult(0);
        await wait;
    }

    [Test]
    public void The_whole_has_a_limit()
    {
        _clock.Advance(60 * OneSecond);

        AssertEnded(isClientSlow: false, isAborted: false);
    }

    [Test]
    public void An_answer_that_has_begun_can_only_be_cut_off()
    {
        _answer.Begin();
        _clock.Advance(60 * OneSecond);

        AssertEnded(isClientSlow: false, isAborted: true);
    }

    [Test]
    public void A_client_that_leaves_ends_it_without_fault()
    {
        _lifetime.Abort();

        Assert.That(_pace.Token.IsCancellationRequested, Is.True);
        Assert.That(_pace.IsExpired, Is.False);
    }

    [Test]
    public void The_next_request_on_the_connection_does_not_pay()
    {
        _answer.Begin();
        _pace.Dispose();
        _clock.Advance(100 * OneSecond);

        AssertGoesOn();
        Assert.That(_lifetime.IsAborted, Is.False);
    }

    private async Task WaitAsync(TimeSpan time, int bytes)
    {
        var pending = new TaskCompletionSource<int>();
        var wait = _pace.WaitAsync(new ValueTask<int>(pending.Task));
        _clock.Advance(time);
        pending.SetResult(0);
        await wait;
        _pace.Count(bytes);
    }

    private void AssertGoesOn() => Assert.That((_pace.IsExpired, _pace.Token.IsCancellationRequested), Is.EqualTo((false, false)));

    private void AssertEnded(bool isClientSlow, bool isAborted)
    {
        Assert.That((_pace.IsExpired, _pace.Token.IsCancellationRequested), Is.EqualTo((true, true)));
        Assert.That((_pace.IsClientSlow, _lifetime.IsAborted), Is.EqualTo((isClientSlow, isAborted)));
    }

    private sealed class Answer : HttpResponseFeature
    {
        private bool _hasStarted;

        public override bool HasStarted => _hasStarted;

        public void Begin() => _hasStarted = true;
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
