using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Samples.Tests;

/// <summary>The programs that the tests run.</summary>
internal static class Programs
{
    /// <summary>Starts a sample, which was built beside this assembly, in a folder of the test's.</summary>
    public static ChildProcess StartSample(string name, string folder, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        // …/tests/<project>/bin/<configuration>/<framework>/ and …/samples/<name>/bin/<configuration>/<framework>/
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var configuration = framework.Parent!;
        var root = configuration.Parent!.Parent!.Parent!.Parent!.FullName;
        var assembly = Path.Combine(root, "samples", name, "bin", configuration.Name, framework.Name, $"{name}.dll");
        return ChildProcess.StartAssembly(assembly, folder, arguments, environment);
    }

    /// <summary>Starts one of the scripts in the folder JavaScript.</summary>
    public static ChildProcess StartScript(string name, params IEnumerable<string> arguments)
    {
        var scripts = Path.Combine(AppContext.BaseDirectory, "JavaScript");
        return ChildProcess.Start(NodeJs.RequirePath(), scripts, [Path.Combine(scripts, name), .. arguments]);
    }
}
