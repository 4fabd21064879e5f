using System.Reflection;

namespace Koii.DbSharing.Conventions;

/// <summary>The assemblies of the packages: one for each project of the solution in src.</summary>
internal static class LibraryAssemblies
{
    // A project that the tests do not reference cannot be loaded, so that a new package cannot be left out of these tests.
    public static IReadOnlyList<Assembly> All { get; } =
        [.. Directory.EnumerateFiles(Repository.PathTo("src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path))
            .Where(name => File.ReadAllText(Repository.PathTo("Koii.DbSharing.sln")).Contains($"\\{name}.csproj", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(Assembly.Load)];

    /// <summary>Each as the case of a test, with its short name.</summary>
    public static IEnumerable<TestCaseData> Cases => All.Select(assembly => new TestCaseData(assembly).SetArgDisplayNames(assembly.GetName().Name!));

    public static Assembly Core { get; } = typeof(DbSharingOptions).Assembly;
}
