namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>
/// The server of the test run: the one that <c>KOII_TEST_POSTGRES</c> names (a role that may create databases), or a cluster that is made for the run. Where there is
/// neither, tests that need one are skipped, or fail where continuous integration must run them (<c>CI=true</c>).
/// </summary>
[SetUpFixture]
public sealed class Servers
{
    private const string Variable = "KOII_TEST_POSTGRES";

    private static readonly Lazy<Task<TestServer>> Started = new(() => TestServer.StartAsync(RequirePrograms()));

    /// <summary>A connection string of the shared server.</summary>
    internal static async Task<string> RequireAsync() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : (RequirePrograms() is not null ? await Started.Value : null)!.ConnectionString;

    /// <summary>The programs that make a cluster, for tests that kill it.</summary>
    internal static string RequirePrograms()
    {
        if (TestServer.FindPrograms() is { } programs)
            return programs;

        const string Missing = $"This test needs PostgreSQL 15 or newer: install the package postgresql, or set {Variable} to a connection string.";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(Missing);
        else
            Assert.Ignore(Missing);
        throw new InvalidOperationException(Missing);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (Started.IsValueCreated)
            await (await Started.Value).DisposeAsync();
    }
}
