namespace Koii.DbSharing.StoreContract;

/// <summary>A clock that changes only when it is moved, forward or back.</summary>
internal sealed class SteppedClock(DateTimeOffset now) : TimeProvider
{
    private DateTimeOffset _now = now;

    internal SteppedClock()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override DateTimeOffset GetUtcNow() => _now;

    internal void Move(TimeSpan by) => _now += by;
}
