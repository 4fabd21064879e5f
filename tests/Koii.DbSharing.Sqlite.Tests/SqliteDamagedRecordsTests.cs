using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Sqlite.Tests;

public sealed class SqliteDamagedRecordsTests() : DamagedRecordsContract<SqliteLinktreeStore>(new SqliteStoreFactory());

/// <summary>Damaged rows that several calls meet.</summary>
public sealed class SqliteDamagedRowsTests : SqliteFixture
{
    [Test]
    public async Task Row_that_several_calls_meet_is_moved_and_logged_once()
    {
        var log = new ListLogger();
        await PutAndCloseAsync(Samples.Create());
        Execute("UPDATE linktree SET signature = zeroblob(64)");
        await using var store = new SqliteLinktreeStore(File.ConnectionString, Samples.Options(), logger: new Logger<SqliteLinktreeStore>(log));
        await store.GetAsync([]);
        var row = long.Parse(Query("SELECT row FROM linktree"), System.Globalization.CultureInfo.InvariantCulture);
        Assert.That(async () => await store.ListAsync(Everything), Throws.InstanceOf<LinktreeStoreException>());

        // What a second call does that has read the row at the same time.
        store.Database!.Writer.TryBegin();
        Assert.That(store.Database!.Writer.MoveDamaged([row]), Is.EqualTo((0, false)));

        Assert.That(log.Names(), Is.EqualTo(new[] { "RowDamaged" }));
    }
}
