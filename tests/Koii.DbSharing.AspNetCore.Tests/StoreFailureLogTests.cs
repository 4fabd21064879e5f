using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>What the log has of a store that fails, on a clock that the test moves.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class StoreFailureLogTests
{
    private static readonly LinktreeStoreException Failure = new("The disk failed.");

    private readonly FakeClock _clock = new();
    private readonly ListLogger _log = new();
    private readonly StoreFailureLog _failures;

    public StoreFailureLogTests() => _failures = new StoreFailureLog("Task1", _clock, _log);

    [Test]
    public void Store_that_fails_for_40_seconds_logs_its_begin_and_its_end()
    {
        Fail(TimeSpan.FromSeconds(40));
        _clock.Advance(StoreFailureLog.MinSuccess);
        _failures.ReportSuccess(isWrite: true);
        _failures.ReportSuccess(isWrite: true);

        Assert.That(_log.Names(), Is.EqualTo(new[] { "StoreFailed", "StoreRecovered" }));
        Assert.That(_log.Lines.First().Text, Does.Contain("task Task1"));
        Assert.That(_log.Lines.First().Exception, Is.SameAs(Failure));
        Assert.That(_log.Lines.Last().Text, Is.EqualTo("The store answers again for task Task1: 401 requests failed in 40 seconds."));
    }

    [Test]
    public void Failures_are_counted_once_a_minute()
    {
        Fail(TimeSpan.FromSeconds(130));

        Assert.That(_log.Names(), Is.EqualTo(new[] { "StoreFailed", "StoreStillFails", "StoreStillFails" }));
        Assert.That(
            _log.Lines.Last().Text, Is.EqualTo("The store still fails for task Task1: 1201 requests in 120 seconds. Last: The disk failed."));
    }

    [Test]
    public void Store_that_fails_at_every_other_request_logs_one_failure()
    {
        for (var i = 0; i < 100; i++)
        {
            _failures.Report(isWrite: false, Failure);
            _failures.ReportSuccess(isWrite: false);
            _clock.Advance(TimeSpan.FromMilliseconds(100));
        }

        Assert.That(_log.Names(), Is.EqualTo(new[] { "StoreFailed" }));
    }

    [Test]
    public void Reads_that_succeed_do_not_end_the_failure_of_writes()
    {
        _failures.Report(isWrite: true, Failure);
        _clock.Advance(StoreFailureLog.MinSuccess);

        _failures.ReportSuccess(isWrite: false);
        Assert.That(_log.Names(), Is.EqualTo(new[] { "StoreFailed" }));
        _failures.ReportSuccess(isWrite: true);
        Assert.That(_log.Names(), Is.EqualTo(new[] { "StoreFailed", "StoreRecovered" }));
    }

    [Test]
    public void Second_failure_is_logged_again()
    {
        for (var i = 0; i < 2; i++)
        {
            _failures.Report(isWrite: true, Failure);
            _clock.Advance(StoreFailureLog.MinSuccess);
            _failures.ReportSuccess(isWrite: true);
        }

        Assert.That(_log.Names(), Is.EqualTo(new[] { "StoreFailed", "StoreRecovered", "StoreFailed", "StoreRecovered" }));
    }

    /// <summary>Ten failed writes a second.</summary>
    private void Fail(TimeSpan time)
    {
        var step = TimeSpan.FromMilliseconds(100);
        for (var passed = TimeSpan.Zero; passed <= time; passed += step)
        {
            if (passed > TimeSpan.Zero)
                _clock.Advance(step);
            _failures.Report(isWrite: true, Failure);
        }
    }
}
