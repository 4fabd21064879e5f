using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Koii.DbSharing.Benchmarks;

/// <summary>A temporary folder for npm packages, and Node.js processes that run in it.</summary>
internal sealed class NodeJs : IDisposable
{
    internal DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("koii-dbsharing-nodejs-");

    internal string PathTo(string file) => Path.Combine(Folder.FullName, file);

    /// <summary>Installs packages, such as <c>tweetnacl@1</c>, and returns whether npm could.</summary>
    internal async Task<bool> TryInstallAsync(params string[] packages) =>
        await TryRunAsync("npm", ["install", "--silent", "--no-audit", "--no-fund", .. packages], input: "") is not null;

    /// <summary>The version of an installed package.</summary>
    internal string VersionOf(string package)
    {
        using var manifest = JsonDocument.Parse(File.ReadAllBytes(PathTo($"node_modules/{package}/package.json")));
        return manifest.RootElement.GetProperty("version").GetString()!;
    }

    /// <summary>Runs a program to its end. The result is its output, or null if it is missing or failed.</summary>
    internal async Task<string?> TryRunAsync(string program, string[] arguments, string input)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder.FullName,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var output = await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? output : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    /// <summary>Starts a script of the folder.</summary>
    internal LineProcess Start(params string[] arguments) =>
        LineProcess.Start(new ProcessStartInfo("node", arguments) { WorkingDirectory = Folder.FullName });

    public void Dispose() => Folder.Delete(recursive: true);
}
