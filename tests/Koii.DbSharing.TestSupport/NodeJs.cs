namespace Koii.DbSharing.TestSupport;

/// <summary>Node.js, for tests that compare with the JavaScript nodes of the network.</summary>
public static class NodeJs
{
    /// <summary>The path of <c>node</c>. Without it the running test is ignored, or fails where continuous integration must run it (<c>CI=true</c>).</summary>
    public static string RequirePath()
    {
        var name = OperatingSystem.IsWindows() ? "node.exe" : "node";
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(directory => Path.Combine(directory, name))
            .FirstOrDefault(File.Exists);
        if (path is null)
            Prerequisite.IsMissing("This test compares with JavaScript: install Node.js 18 or newer, so that `node` is on the PATH.");
        return path;
    }
}
