using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>The messages for faults that a test cannot cause.</summary>
public sealed class SqliteErrorsTests
{
    private const string Path = "/mnt/share/linktrees.db";

    [TestCase(raw.SQLITE_BUSY, true)]
    [TestCase(raw.SQLITE_LOCKED, true)]
    [TestCase(raw.SQLITE_IOERR, false)]
    [TestCase(raw.SQLITE_PROTOCOL, false)]
    [TestCase(raw.SQLITE_CANTOPEN, false)]
    public void Failure_on_a_network_file_system_is_reported_with_what_to_do(int code, bool isTransient)
    {
        var explained = Explain(code, code, "nfs");

        Assert.That(
            explained.Message,
            Does.Contain(Path).And.Contain("network file system (nfs)").And.Contain("local disk").And.Contain("the driver's message")
                .And.Not.Contain("another program"));
        Assert.That(explained.IsTransient, Is.EqualTo(isTransient));
    }

    [TestCase(raw.SQLITE_FULL, "full")]
    [TestCase(raw.SQLITE_READONLY, "read-only")]
    [TestCase(raw.SQLITE_CORRUPT, "damaged")]
    public void Failure_that_a_network_file_system_does_not_cause_is_reported_as_on_any_other(int code, string text) =>
        Assert.That(Explain(code, code, "nfs").Message, Is.EqualTo(Explain(code, code, null).Message).And.Contain(text));

    [TestCase(raw.SQLITE_IOERR, raw.SQLITE_IOERR_SHMMAP)]
    [TestCase(raw.SQLITE_IOERR, raw.SQLITE_IOERR_LOCK)]
    [TestCase(raw.SQLITE_PROTOCOL, raw.SQLITE_PROTOCOL)]
    public void Failure_of_locks_or_shared_memory_is_reported_for_an_unknown_file_system_too(int code, int extendedCode) =>
        Assert.That(
            Explain(code, extendedCode, null).Message,
            Does.Contain(Path).And.Contain("network file systems").And.Contain("local disk").And.Contain("the driver's message"));

    [Test]
    public void Journal_mode_that_stays_is_reported_with_the_network_file_system()
    {
        Assert.That(SqliteErrors.ExplainJournalMode("delete", Path, "cifs").Message, Does.Contain("cifs").And.Contain("local disk").And.Contain("'delete'"));
        Assert.That(SqliteErrors.ExplainJournalMode("delete", Path, null).Message, Does.Contain("'delete'").And.Contain("local disk"));
    }

    [Test]
    public void Local_file_is_on_no_network_file_system()
    {
        using var file = new SqliteFile();

        Assert.That(NetworkFileSystem.Find(file.Path), Is.Null);
        Assert.That(NetworkFileSystem.Find(file.PathTo("missing/linktrees.db")), Is.Null);
    }

    private static LinktreeStoreException Explain(int code, int extendedCode, string? networkFileSystem) =>
        SqliteErrors.Explain(new SqliteException("the driver's message", code, extendedCode), Path, TimeSpan.FromSeconds(3), networkFileSystem);
}
