using TaskSetup;

// The service URL would be that of the task's own host. Here no service listens, and the reports name that as the
// problem.
const string TaskId = "EXAMPLE_TASK_ID";
const string ServiceUrl = "http://127.0.0.1:1";
var folder = Directory.CreateTempSubdirectory("task-setup-").FullName;
try
{
    await using (var task = new ComposedTask(TaskId, ServiceUrl, Path.Combine(folder, "composed.db")))
        Console.WriteLine($"First round of the composed engine: {await task.SetupAsync()}");
    await using (var task = new ContainerTask(TaskId, ServiceUrl, Path.Combine(folder, "container.db")))
        Console.WriteLine($"First round of the container's engine: {await task.SetupAsync()}");
}
finally
{
    Directory.Delete(folder, recursive: true);
}
