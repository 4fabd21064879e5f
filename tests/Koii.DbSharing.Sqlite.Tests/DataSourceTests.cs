using Microsoft.Data.Sqlite;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>Which file a connection string names, compared with the file that the driver opens for it.</summary>
[NonParallelizable]
public sealed class DataSourceTests : SqliteFixture
{
    private string _directory = null!; // Set in the set-up of each test.
    private string _workingDirectory = null!;

    [SetUp]
    public void Work_in_the_directory_of_the_file()
    {
        _workingDirectory = Directory.GetCurrentDirectory();
        _directory = Path.GetDirectoryName(File.Path)!;
        Directory.CreateDirectory(Path.Combine(_directory, "data"));
        Directory.SetCurrentDirectory(_directory);
    }

    [TearDown]
    public void Restore_the_working_directory()
    {
        Directory.SetCurrentDirectory(_workingDirectory);
        AppDomain.CurrentDomain.SetData("DataDirectory", null);
    }

    [TestCase("x.db")]
    [TestCase("./data/../x.db")]
    [TestCase("{directory}/x.db")]
    [TestCase("x?mode=ro")]
    [TestCase("file:x.db")]
    [TestCase("file:data/x.db?mode=rwc&cache=private")]
    [TestCase("file:{directory}/x%20y.db")]
    [TestCase("file://{directory}/x.db#fragment")]
    [TestCase("file://localhost{directory}/x.db")]
    public void Path_is_the_one_that_the_driver_opens(string source) => AssertDriverOpens(source);

    [TestCase("x.db")]
    [TestCase("|DataDirectory|x.db")]
    [TestCase("|datadirectory|x.db")]
    [TestCase("|DataDirectory|{directory}/x.db")]
    [TestCase("{directory}/x.db")]
    [TestCase("file:x.db")]
    public void Path_in_the_data_directory_is_the_one_that_the_driver_opens(string source)
    {
        AppDomain.CurrentDomain.SetData("DataDirectory", Path.Combine(_directory, "data"));

        AssertDriverOpens(source);
    }

    [TestCase("file:x.db?cache=shared", "Cache", "block each other")]
    [TestCase("file:x.db?mode=ro", "mode=ro", "A store writes")]
    [TestCase("file:x.db?immutable=1", "immutable=1", "A store writes")]
    [TestCase("file:x.db?nolock=1", "nolock=1", "damage the file")]
    [TestCase("file:x.db?vfs=memdb", "vfs=memdb", "access to files")]
    [TestCase("file:x.db?mode=rw&psow=0", "psow=0", "does not use")]
    [TestCase("file:%78.db?mode=r%6f", "mode=ro", "A store writes")]
    public void Parameter_of_a_URI_that_a_store_cannot_use_is_rejected_with_what_to_write(string source, string parameter, string reason) =>
        Assert.That(
            () => new SqliteLinktreeStore($"Data Source={source}", Options()),
            Throws.ArgumentException.With.Message.Contains(parameter).IgnoreCase
                .And.Message.Contains(reason).And.Message.Contains("Write \"Data Source=x.db\""));

    [Test]
    public void Other_data_sources_that_are_not_meant_are_rejected()
    {
        AssertRejected("Data Source=|DataDirectory|x.db", "SetData");
        AssertRejected("Data Source=file://server/x.db", "'server'");
        AssertRejected("Data Source=file:", "UseInMemory");
        AssertRejected("Data Source=x.db;Vfs=memdb", "Vfs=memdb");
        AssertRejected("Data Source=x.db;Password=secret", "\"Password\"");
    }

    [Test]
    public async Task Working_directory_of_a_later_call_does_not_select_another_file()
    {
        await using var store = new SqliteLinktreeStore("Data Source=relative.db", Options());
        Directory.SetCurrentDirectory(_workingDirectory);
        await store.PutAsync([Create()]);
        Directory.SetCurrentDirectory(Path.Combine(_directory, "data"));
        await store.ListAsync(Everything);
        await store.BackupAsync(File.PathTo("backup.db"));

        var files = Directory.EnumerateFiles(_directory, "*.db", SearchOption.AllDirectories).Select(Path.GetFileName);
        Assert.That(files, Is.EquivalentTo(new[] { "relative.db", "backup.db" }));
    }

    [TestCase("nowhere/x.db")]
    [TestCase("file:///nowhere/x.db", "/nowhere/x.db")]
    [TestCase("|DataDirectory|/nowhere/x.db", "/nowhere/x.db")]
    [TestCase("|DataDirectory|nowhere/x.db", "data/nowhere/x.db")]
    public async Task Error_names_the_full_path(string source, string? path = null)
    {
        AppDomain.CurrentDomain.SetData("DataDirectory", source.StartsWith('|') ? Path.Combine(_directory, "data") : null);
        var expected = Path.Combine(_directory, path ?? source);
        await using var store = new SqliteLinktreeStore($"Data Source={source}", Options());

        Assert.That(
            async () => await store.PutAsync([Create()]),
            Throws.InstanceOf<LinktreeStoreException>().With.Message.Contains($"'{expected}'")
                .And.Message.Contains($"'{Path.GetDirectoryName(expected)}' does not exist"));
    }

    private void AssertDriverOpens(string source)
    {
        var connectionString = $"Data Source={source.Replace("{directory}", _directory, StringComparison.Ordinal)}";
        using var connection = new SqliteConnection(connectionString + ";Pooling=False");
        connection.Open();

        // While it is open, the connection returns the path that SQLite has resolved.
        var settings = SqliteStoreSettings.From(connectionString, Options());
        Assert.That(settings.Path, Is.EqualTo(connection.DataSource));
        Assert.That(new SqliteConnectionStringBuilder(settings.ConnectionString).DataSource, Is.EqualTo(settings.Path));
    }

    private static void AssertRejected(string connectionString, string text) =>
        Assert.That(() => new SqliteLinktreeStore(connectionString, Options()), Throws.ArgumentException.With.Message.Contains(text));
}
