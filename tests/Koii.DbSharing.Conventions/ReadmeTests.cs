using System.Text.RegularExpressions;

namespace Koii.DbSharing.Conventions;

/// <summary>
/// The C# that a README shows is compiled: every block of it is a region "README: …" of a test or sample, line for
/// line.
/// </summary>
public sealed partial class ReadmeTests
{
    private static IEnumerable<string> Readmes =>
        Directory.EnumerateFiles(Repository.PathTo("src"), "README.md", SearchOption.AllDirectories).Prepend(Repository.PathTo("README.md"));

    [TestCaseSource(nameof(Readmes))]
    public void Code_in_a_readme_is_compiled(string readme)
    {
        var compiled = new[] { "tests", "samples" }
            .SelectMany(folder => Directory.EnumerateFiles(Repository.PathTo(folder), "*.cs", SearchOption.AllDirectories))
            .SelectMany(path => Region().Matches(File.ReadAllText(path)).Select(match => Unindent(match.Groups[1].Value)));
        var shown = CodeBlock().Matches(File.ReadAllText(readme)).Select(match => match.Groups[1].Value).ToArray();

        Assert.That(shown, Is.Not.Empty.And.SubsetOf(compiled));
    }

    private static string Unindent(string code)
    {
        var lines = code.TrimEnd().Split('\n');
        var indent = lines.Where(line => line.Trim().Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length < indent ? "" : line[indent..]));
    }

    [GeneratedRegex(@"#region README: [^\n]*\n(.*?)\n[ \t]*#endregion", RegexOptions.Singleline)]
    private static partial Regex Region();

    [GeneratedRegex(@"^```csharp\n(.*?)\n```$", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlock();
}
