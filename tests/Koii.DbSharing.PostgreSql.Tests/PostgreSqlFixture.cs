using static Koii.DbSharing.StoreContract.SampleLinktrees;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>A database for each test.</summary>
public abstract class PostgreSqlFixture
{
    private protected TestDatabase Database { get; private set; } = null!; // the set-up makes one for each test

    [SetUp]
    public async Task Make_a_database() => Database = await TestDatabase.CreateAsync();

    [TearDown]
    public async Task Drop_the_database()
    {
        // Where there is no server, the set-up has made none.
        if (Database is not null)
            await Database.DisposeAsync();
    }

    /// <summary>A store whose pauses between attempts take no time.</summary>
    private protected PostgreSqlLinktreeStore NewStore(string settings = "") => new($"{Database.ConnectionString};{settings}", Options(), new HurriedTime());

    private protected static async Task<IReadOnlyList<SignedLinktree>> ListAsync(ILinktreeStore store) =>
        (await store.ListAsync(new LinktreeQuery { IncludeTombstones = true })).Linktrees;

    /// <summary>A clock whose timers are due at once.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
