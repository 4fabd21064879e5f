using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

public sealed class SqliteStoreSettingsTests
{
    [TestCase("Data Source=:memory:")]
    [TestCase("")]
    [TestCase(" ")]
    [TestCase("Pooling=True")]
    [TestCase("Data Source=x;Mode=Memory")]
    [TestCase("Data Source=x;Mode=Memory;Cache=Shared")]
    [TestCase("Data Source=file::memory:?cache=shared")]
    [TestCase("Data Source=file:x?mode=memory")]
    public void Database_in_memory_is_rejected(string connectionString) =>
        Assert.That(() => new SqliteLinktreeStore(connectionString, Options()), Throws.InstanceOf<ArgumentException>());

    [TestCase("")]
    [TestCase(" ")]
    [TestCase(null)]
    public void Task_without_an_id_is_rejected(string? taskId) =>
        Assert.That(
            () => new SqliteLinktreeStore("Data Source=x", new DbSharingOptions { TaskId = taskId! }),
            Throws.ArgumentException.With.Message.Contains("TaskId"));

    [Test]
    public void Time_out_of_the_connection_string_is_the_time_out_of_locks()
    {
        Assert.That(SqliteStoreSettings.From("Data Source=x", Options()).BusyTimeout, Is.EqualTo(SqliteStoreSettings.DefaultBusyTimeout));
        Assert.That(SqliteStoreSettings.From("Data Source=x;Default Timeout=3", Options()).BusyTimeout, Is.EqualTo(TimeSpan.FromSeconds(3)));
        Assert.That(
            () => SqliteStoreSettings.From("Data Source=x;Command Timeout=0", Options()),
            Throws.ArgumentException.With.Message.Contains("Default Timeout is 0"));
        Assert.That(
            () => SqliteStoreSettings.From("Data Source=x;Default Timeout=86401", Options()),
            Throws.ArgumentException.With.Message.Contains("1 day"));
    }

    [Test]
    public void Rejected_connection_strings_and_options_throw_with_instructions()
    {
        Assert.That(() => new SqliteLinktreeStore("Data Source=:memory:", Options()), Throws.ArgumentException.With.Message.Contains("UseInMemory"));
        Assert.That(
            () => new SqliteLinktreeStore("Data Source=x;Mode=ReadOnly", Options()),
            Throws.ArgumentException.With.Message.Contains("Mode=ReadOnly"));
        Assert.That(
            () => new SqliteLinktreeStore("Data Source=x;Cache=Shared", Options()),
            Throws.ArgumentException.With.Message.Contains("Cache=Shared"));
        Assert.That(() => new SqliteLinktreeStore("Data Source=x", Options(linktreesPerAuthor: 0)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new SqliteLinktreeStore("Data Source=x", Options(maxRecords: 0)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new SqliteLinktreeStore("Data Source=x", Options(maxBytes: 1000)), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => new SqliteLinktreeStore("Data Source=x", new DbSharingOptions { TaskId = "T", MaxRetainedChanges = 0 }),
            Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(
            () => new SqliteLinktreeStore("Data Source=x", new DbSharingOptions { TaskId = "T", ChangeRetention = TimeSpan.Zero }),
            Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new SqliteLinktreeStore("Data Source=x", null!), Throws.ArgumentNullException);
    }
}
