using System.Text.RegularExpressions;

namespace Koii.DbSharing.Conventions;

/// <summary>How the checkout looks: what stands at the root, that a folder is a namespace, that a file holds one public type.</summary>
public sealed partial class RepositoryTests
{
    private static readonly string[] AtTheRoot =
    [
        "src", "tests", "samples", "docs", "Koii.DbSharing.sln", "LICENSE", "README.md", "nuget.config", "Directory.Build.props", "Directory.Packages.props",
    ];

    private static readonly string[] OtherNamespaces = ["Koii.DbSharing", "Microsoft.Extensions.DependencyInjection", "Microsoft.AspNetCore.Builder"];

    private static IEnumerable<string> LibrarySources =>
        Directory.EnumerateFiles(Repository.PathTo("src"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));

    [Test]
    public void Nothing_else_stands_at_the_root()
    {
        // What git ignores is made by commands that README.md and docs/ name, `dotnet pack -o packages` for one.
        var ignored = File.ReadAllLines(Repository.PathTo(".gitignore")).Select(line => line.TrimEnd('/')).ToArray();

        var found = Directory.EnumerateFileSystemEntries(Repository.Root).Select(path => Path.GetFileName(path)!).Where(name => !name.StartsWith('.') && !ignored.Contains(name));

        Assert.That(found, Is.EquivalentTo(AtTheRoot));
    }

    [Test]
    public void A_folder_is_a_namespace()
    {
        var wrong =
            from path in LibrarySources
            let folder = Path.GetRelativePath(Repository.PathTo("src"), Path.GetDirectoryName(path)!).Replace(Path.DirectorySeparatorChar, '.')
            let declared = NamespaceLine().Match(File.ReadAllText(path)).Groups[1].Value
            where declared != folder && !OtherNamespaces.Contains(declared)
            select $"{path}: namespace {declared}";

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void A_file_holds_one_public_type_and_has_its_name()
    {
        var wrong =
            from path in LibrarySources
            let types = PublicTypeLine().Matches(File.ReadAllText(path)).Select(match => match.Groups[1].Value).ToArray()
            where types.Length > 1 || (types.Length == 1 && types[0] != Path.GetFileNameWithoutExtension(path).Split('.')[0])
            select $"{path}: {string.Join(", ", types)}";

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void A_log_event_id_is_used_once()
    {
        var ids = LibrarySources
            .SelectMany(path => EventId().Matches(File.ReadAllText(path)).Select(match => (Id: match.Groups[1].Value, path)))
            .GroupBy(entry => entry.Id)
            .Where(group => group.Count() > 1)
            .Select(group => $"{group.Key}: {string.Join(", ", group.Select(entry => entry.path))}");

        Assert.That(ids, Is.Empty);
    }

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"^public (?:(?:static|sealed|abstract|partial|readonly|ref) )*(?:class|interface|enum|struct|record struct|record|delegate \w+) (\w+)", RegexOptions.Multiline)]
    private static partial Regex PublicTypeLine();

    [GeneratedRegex(@"LoggerMessage\(\s*(?:EventId = )?(\d+)")]
    private static partial Regex EventId();
}
