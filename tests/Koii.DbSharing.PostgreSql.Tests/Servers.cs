using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>
/// The server of the test run: the one that <c>KOII_TEST_POSTGRES</c> names (as a superuser), or a cluster that is
/// created for the run. Without either, tests that need a server are skipped, or fail in continuous integration
/// (<c>CI=true</c>).
/// </summary>
internal static class Servers
{
    private const string Variable = "KOII_TEST_POSTGRES";

    private static readonly Lazy<Task<TestServer>> Started = new(() => TestServer.StartAsync(RequirePrograms()));

    /// <summary>Returns a connection string of the shared server.</summary>
    public static async Task<string> RequireAsync()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given)
            return given;
        RequirePrograms();
        return (await Started.Value).ConnectionString;
    }

    /// <summary>Returns the directory of the programs that create a cluster, for tests that kill it.</summary>
    public static string RequirePrograms()
    {
        var programs = TestServer.FindPrograms();
        if (programs is null)
        {
            Prerequisite.IsMissing(
                $"This test needs PostgreSQL 15 or newer: install the package postgresql, or set {Variable} to a connection string.");
        }

        return programs;
    }

    public static async Task StopAsync()
    {
        if (Started.IsValueCreated)
            await (await Started.Value).DisposeAsync();
    }
}
