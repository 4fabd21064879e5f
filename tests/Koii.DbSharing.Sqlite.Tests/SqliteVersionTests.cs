using Microsoft.Data.Sqlite;

namespace Koii.DbSharing.Sqlite.Tests;

/// <summary>
/// The package names its SQLite as a dependency, so users of the package run on the version that these tests run on.
/// </summary>
public sealed class SqliteVersionTests
{
    /// <summary>
    /// The version in SQLitePCLRaw.bundle_e_sqlite3. Change it with the package, after the tests have passed.
    /// </summary>
    private const string Version = "3.53.4";

    /// <summary>Before 3.51.3 a reset of the write-ahead log could corrupt a database.</summary>
    private static readonly Version First = new(3, 51, 3);

    [Test]
    public void Tests_run_on_the_SQLite_version_that_the_package_names()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT sqlite_version()";

        var version = (string)command.ExecuteScalar()!;

        Assert.That(version, Is.EqualTo(Version));
        Assert.That(System.Version.Parse(version), Is.GreaterThanOrEqualTo(First));
    }
}
