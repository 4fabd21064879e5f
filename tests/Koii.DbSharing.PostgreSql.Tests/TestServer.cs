using System.Diagnostics;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>
/// A PostgreSQL cluster for the tests, on a Unix socket in a directory that is deleted with it. The server cannot run as
/// root, so root runs it as another user.
/// </summary>
internal sealed class TestServer : IAsyncDisposable
{
    private const int OldestVersion = 15;
    private const string Superuser = "postgres";

    // For a slow disk: a server that was killed replays its whole log.
    private const string LongestSeconds = "900";

    private readonly string _programs;
    private readonly DirectoryInfo _folder;
    private bool _isRunning;

    private TestServer(string programs, DirectoryInfo folder)
    {
        _programs = programs;
        _folder = folder;
    }

    public string ConnectionString => $"Host={_folder.FullName};Username={Superuser};Database=postgres";

    private string Data => Path.Combine(_folder.FullName, "data");

    private string Log => Path.Combine(_folder.FullName, "log");

    /// <summary>
    /// Returns the directory of <c>initdb</c> and <c>pg_ctl</c> of the newest version on the machine, or
    /// <see langword="null"/>.
    /// </summary>
    public static string? FindPrograms()
    {
        var versions = new DirectoryInfo("/usr/lib/postgresql");
        return !versions.Exists
            ? null
            : versions.GetDirectories()
                .Where(version => int.TryParse(version.Name, out var number) && number >= OldestVersion)
                .OrderByDescending(version => int.Parse(version.Name))
                .Select(version => Path.Combine(version.FullName, "bin"))
                .FirstOrDefault(programs => File.Exists(Path.Combine(programs, "initdb")));
    }

    /// <summary>
    /// Creates a cluster and starts it. Settings are as in <c>postgresql.conf</c>; all others are the server's defaults,
    /// <c>fsync</c> included.
    /// </summary>
    public static async Task<TestServer> StartAsync(string programs, params IEnumerable<string> settings)
    {
        var server = new TestServer(programs, Directory.CreateTempSubdirectory("koii-dbsharing-postgresql-"));
        if (Environment.IsPrivilegedProcess)
            await server.RunAsync("chown", Superuser, server._folder.FullName);
        await server.RunAsServerAsync("initdb", "-D", server.Data, "-U", Superuser, "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C");
        await File.AppendAllLinesAsync(
            Path.Combine(server.Data, "postgresql.conf"),
            ["listen_addresses = ''", $"unix_socket_directories = '{server._folder.FullName}'", "max_connections = 200", .. settings]);
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync()
    {
        await RunAsServerAsync("pg_ctl", "start", "-w", "-t", LongestSeconds, "-D", Data, "-l", Log);
        _isRunning = true;
    }

    /// <summary>Starts a standby that follows the server, with a socket of its own.</summary>
    public async Task<TestServer> StartStandbyAsync()
    {
        var standby = new TestServer(_programs, Directory.CreateTempSubdirectory("koii-dbsharing-postgresql-"));
        if (Environment.IsPrivilegedProcess)
            await standby.RunAsync("chown", Superuser, standby._folder.FullName);
        await standby.RunAsServerAsync(
            "pg_basebackup", "-h", _folder.FullName, "-U", Superuser, "-D", standby.Data, "-R", "-c", "fast", "--no-sync");
        await File.AppendAllLinesAsync(
            Path.Combine(standby.Data, "postgresql.conf"), [$"unix_socket_directories = '{standby._folder.FullName}'"]);
        await standby.StartAsync();
        return standby;
    }

    /// <summary>Makes a standby the primary.</summary>
    public Task PromoteAsync() => RunAsServerAsync("pg_ctl", "promote", "-w", "-t", LongestSeconds, "-D", Data);

    /// <summary>Ends the server as a crash does: at once and without a checkpoint.</summary>
    public async Task CrashAsync()
    {
        await RunAsServerAsync("pg_ctl", "stop", "-m", "immediate", "-t", LongestSeconds, "-D", Data);
        _isRunning = false;
    }

    public async ValueTask DisposeAsync()
    {
        if (_isRunning)
            await CrashAsync();
        _folder.Delete(recursive: true);
    }

    private Task RunAsServerAsync(string program, params string[] arguments)
    {
        var path = Path.Combine(_programs, program);
        return Environment.IsPrivilegedProcess ? RunAsync("runuser", ["-u", Superuser, "--", path, .. arguments]) : RunAsync(path, arguments);
    }

    private async Task RunAsync(string file, params string[] arguments)
    {
        // Not redirected: the server would inherit the pipe and keep it open.
        string[] shellArguments = ["-c", "exec \"$@\" >\"$0.out\" 2>&1", Log, file, .. arguments];
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", shellArguments) { WorkingDirectory = _folder.FullName })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            var output = await File.ReadAllTextAsync($"{Log}.out") + (File.Exists(Log) ? await File.ReadAllTextAsync(Log) : "");
            throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
        }
    }
}
