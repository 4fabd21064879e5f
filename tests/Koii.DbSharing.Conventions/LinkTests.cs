using System.Text.RegularExpressions;

namespace Koii.DbSharing.Conventions;

/// <summary>Links between the Markdown files of the repository lead to a file, and to a heading of it.</summary>
public sealed partial class LinkTests
{
    private static IEnumerable<string> Pages =>
        new[] { "docs", ".github", "src", "tests", "samples" }.SelectMany(folder => SourceTree.Files(folder, "*.md")).Prepend("README.md");

    [TestCaseSource(nameof(Pages))]
    public void Link_leads_to_a_file_and_a_heading(string page)
    {
        var links = Link().Matches(File.ReadAllText(Repository.PathTo(page))).Select(match => match.Groups[1].Value)
            .Where(link => !link.Contains(':', StringComparison.Ordinal));

        Findings.AssertNone(links.Where(link => !Leads(page, link)));
    }

    private static bool Leads(string page, string link)
    {
        var parts = link.Split('#');
        var target = parts[0].Length == 0 ? page : Path.Combine(Path.GetDirectoryName(page)!, parts[0]);
        var path = Path.GetFullPath(Repository.PathTo(target));
        if (parts.Length == 1)
            return Path.Exists(path);
        return Anchors(Directory.Exists(path) ? Path.Combine(path, "README.md") : path).Contains(parts[1]);
    }

    /// <summary>
    /// The anchors of headings as GitHub makes them: lower case, without punctuation, hyphens for spaces, and numbered
    /// where one repeats.
    /// </summary>
    private static IEnumerable<string> Anchors(string path) =>
        from heading in Heading().Matches(File.Exists(path) ? Fence().Replace(File.ReadAllText(path), "") : "")
        let anchor = Punctuation().Replace(heading.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-')
        group anchor by anchor into same
        from number in Enumerable.Range(0, same.Count())
        select number == 0 ? same.Key : $"{same.Key}-{number}";

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"[^\p{L}\p{Nd} _-]")]
    private static partial Regex Punctuation();
}
