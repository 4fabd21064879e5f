using TaskSetup;

// The service URL would be that of the task's own host; here nobody listens, and the report says so instead of failing.
var database = Path.Combine(Path.GetTempPath(), $"task-setup-{Environment.ProcessId}.db");
try
{
    await using var task = new LinktreeTask("EXAMPLE_TASK_ID", "http://127.0.0.1:1", database);
    var report = await task.SetupAsync();
    Console.WriteLine($"First round: {report}");
}
finally
{
    File.Delete(database);
}
