using System.Text.RegularExpressions;

namespace Koii.DbSharing.Conventions;

/// <summary>Code that README.md shows is code that is compiled and run: a region "README: …" of a test or sample stands there line for line.</summary>
public sealed partial class ReadmeTests
{
    [Test]
    public void Every_marked_region_stands_in_the_readme()
    {
        var readme = File.ReadAllText(Repository.PathTo("README.md"));
        var regions = new[] { "tests", "samples" }
            .SelectMany(folder => Directory.EnumerateFiles(Repository.PathTo(folder), "*.cs", SearchOption.AllDirectories))
            .SelectMany(path => Region().Matches(File.ReadAllText(path)).Select(match => (path, Code: Unindent(match.Groups[1].Value))))
            .ToArray();

        Assert.That(regions, Has.Length.GreaterThanOrEqualTo(3));
        foreach (var (path, code) in regions)
            Assert.That(readme, Does.Contain(code), path);
    }

    private static string Unindent(string code)
    {
        var lines = code.TrimEnd().Split('\n');
        var indent = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length < indent ? "" : line[indent..]));
    }

    [GeneratedRegex(@"#region README: [^\n]*\n(.*?)\n[ \t]*#endregion", RegexOptions.Singleline)]
    private static partial Regex Region();
}
