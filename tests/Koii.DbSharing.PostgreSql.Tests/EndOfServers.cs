using Koii.DbSharing.PostgreSql.Tests;

/// <summary>
/// Stops the server that <see cref="Servers"/> has started. It is in the global namespace, so it runs after all tests of
/// the assembly that compiles it.
/// </summary>
[SetUpFixture]
public sealed class EndOfServers
{
    [OneTimeTearDown]
    public Task Stop() => Servers.StopAsync();
}
