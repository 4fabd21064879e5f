using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>A database for each test.</summary>
public abstract class PostgreSqlFixture
{
    private protected TestDatabase Database { get; private set; } = null!; // Created in the set-up of each test.

    [SetUp]
    public async Task Create_a_database() => Database = await TestDatabase.CreateAsync();

    [TearDown]
    public async Task Drop_the_database()
    {
        // Without a server, the set-up has created none.
        if (Database is not null)
            await Database.DisposeAsync();
    }

    /// <summary>Creates a store whose delays between attempts take no time.</summary>
    private protected PostgreSqlLinktreeStore NewStore(string settings = "") =>
        new($"{Database.ConnectionString};{settings}", Options(), new ImmediateTimers());

    /// <summary>Waits until a session of the database waits for a lock.</summary>
    private protected async Task WaitForALockAsync()
    {
        const string Waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        while (await Database.QueryAsync(Waiting) == "0")
            await Task.Yield();
    }

    private protected static async Task<IReadOnlyList<SignedLinktree>> ListAsync(ILinktreeStore store) =>
        (await store.ListAsync(new LinktreeQuery { IncludeTombstones = true })).Linktrees;

    /// <summary>A clock whose timers are due at once.</summary>
    private sealed class ImmediateTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
