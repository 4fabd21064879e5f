using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Conventions;

/// <summary>The checkout that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot();

    public static string PathTo(params string[] parts) => Path.Combine([Root, .. parts]);

    private static string FindRoot([CallerFilePath] string thisFile = "")
    {
        // Deterministic builds write source paths as "/_/…", so the search starts at the test assembly there.
        var start = File.Exists(thisFile) ? Path.GetDirectoryName(thisFile)! : AppContext.BaseDirectory;
        for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "Koii.DbSharing.sln")))
                return directory.FullName;
        }

        throw new InvalidOperationException($"No Koii.DbSharing.sln above {start}.");
    }
}
