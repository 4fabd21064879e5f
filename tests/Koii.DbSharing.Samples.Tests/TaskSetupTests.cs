using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Samples.Tests;

public sealed class TaskSetupTests
{
    [Test]
    public async Task Both_ways_run_a_round_and_report_that_the_service_refuses_connections()
    {
        await using var process = Programs.StartSample("TaskSetup", Path.GetTempPath(), []);

        var (exitCode, output, error) = await process.EndAsync();

        Assert.That(exitCode, Is.Zero, error);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(lines, Has.Length.EqualTo(2).And.All.Contains("No connection could be made."));
    }
}
