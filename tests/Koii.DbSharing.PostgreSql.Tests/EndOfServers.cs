using Koii.DbSharing.PostgreSql.Tests;

/// <summary>Stops what <see cref="Servers"/> has started. It stands in no namespace, so it comes after all tests of whichever assembly it is part of.</summary>
[SetUpFixture]
public sealed class EndOfServers
{
    [OneTimeTearDown]
    public Task Stop() => Servers.StopAsync();
}
