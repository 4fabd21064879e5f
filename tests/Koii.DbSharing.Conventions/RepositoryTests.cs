using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Koii.DbSharing.Conventions;

/// <summary>
/// The layout of the repository: what stands at the root, which namespace a file declares, and how much it holds.
/// </summary>
public sealed partial class RepositoryTests
{
    private const int MaxLines = 300;

    private static readonly string[] AtTheRoot =
    [
        "src", "tests", "samples", "docs",
        "Koii.DbSharing.sln", "LICENSE", "README.md", "nuget.config", "Directory.Build.props", "Directory.Packages.props",
    ];

    /// <summary>Where applications find the public types of a package.</summary>
    private static readonly string[] PublicNamespaces = ["Koii.DbSharing", "Koii.Ed25519"];

    /// <summary>Namespaces of Microsoft's for extension methods and the builder that they extend.</summary>
    private static readonly string[] ExtensionNamespaces = ["Microsoft.Extensions.DependencyInjection", "Microsoft.AspNetCore.Builder"];

    /// <summary>Koii.DbSharing.Storage: what authors of stores use and applications do not.</summary>
    private static readonly string[] StorageTypes =
    [
        "ChangeCursor", "ChangePage", "ChangePageBuilder", "ChangePosition", "ChangesTrimmedException",
        "ILinktreeChangeFeed", "LinktreeChange", "LinktreeChangeFeedExtensions", "LinktreeChangeKind", "LinktreeChecksum", "StoreBounds",
        "StoreSize", "WriteBatcher",
    ];

    /// <summary>Files of src with more lines than <see cref="MaxLines"/>, and why each is one file.</summary>
    private static readonly Dictionary<string, string> LongFiles = new()
    {
        ["src/Koii.Ed25519/Curve/Vectors/FieldVector.cs"] =
            "One arithmetic type; its methods share constants and bounds that are proven together.",
    };

    [Test]
    public void Nothing_else_is_at_the_root()
    {
        // What git ignores is made by commands that README.md and docs/ name, such as `dotnet pack -o packages`.
        var ignored = File.ReadAllLines(Repository.PathTo(".gitignore")).Select(line => line.TrimEnd('/')).ToArray();

        var found = Directory.EnumerateFileSystemEntries(Repository.Root).Select(path => Path.GetFileName(path)!)
            .Where(name => !name.StartsWith('.') && !ignored.Contains(name));

        Assert.That(found, Is.EquivalentTo(AtTheRoot));
    }

    [Test]
    public void Internal_type_has_its_folder_as_namespace()
    {
        var wrong =
            from type in SourceTree.DeclaredTypes
            where !type.IsPublic && type.Namespace != FolderNamespace(type.Path) && !PublicTypesOf(type.Path).Any()
            select $"{type.Path}: {type.Namespace}.{type.Name}";

        Findings.AssertNone(wrong);
    }

    [Test]
    public void Public_type_is_where_applications_and_authors_of_stores_look_for_it()
    {
        var wrong =
            from type in SourceTree.DeclaredTypes
            where type.IsPublic && !IsExtension(type.Namespace, type.Name)
            where !PublicNamespaces.Contains(type.Namespace) && type.Namespace != "Koii.DbSharing.Storage"
            select $"{type.Path}: {type.Namespace}.{type.Name}";

        Findings.AssertNone(wrong);
    }

    [Test]
    public void Storage_namespace_has_only_the_listed_types()
    {
        var found = SourceTree.DeclaredTypes.Where(type => type is { IsPublic: true, Namespace: "Koii.DbSharing.Storage" }).Select(type => type.Name);

        Assert.That(found.Distinct(), Is.EquivalentTo(StorageTypes));
    }

    [Test]
    public void File_holds_one_public_type_and_has_its_name()
    {
        var wrong =
            from path in SourceTree.Library.Select(file => file.Path)
            let types = PublicTypesOf(path).ToArray()
            where types.Length > 1 || (types.Length == 1 && types[0] != Path.GetFileNameWithoutExtension(path).Split('.')[0])
            select $"{path}: {string.Join(", ", types)}";

        Findings.AssertNone(wrong);
    }

    [Test]
    public void File_over_300_lines_has_a_reason()
    {
        var found = SourceTree.Library.Where(file => file.LineOf(file.Text.Length) - 1 > MaxLines).Select(file => file.Path);

        Assert.That(found, Is.EquivalentTo(LongFiles.Keys), "Look for a second duty in the file. If it has none, list it with the reason.");
    }

    [Test]
    public void Environment_variable_of_the_tests_is_documented_for_contributors()
    {
        var documented = File.ReadAllText(Repository.PathTo(".github", "CONTRIBUTING.md"));
        var read = SourceTree.All.SelectMany(file => EnvironmentVariable().Matches(file.Text).Select(match => match.Groups[1].Value));

        Findings.AssertNone(read.Where(name => !documented.Contains($"`{name}", StringComparison.Ordinal)));
    }

    /// <summary>With a later one, an application that pins the first version of the year does not restore (NU1605).</summary>
    [Test]
    public void Package_requires_the_lowest_version_of_the_extensions_of_NET()
    {
        const string Floor = "10.0.0";
        var declared = XDocument.Load(Repository.PathTo("src/Directory.Build.props")).Descendants("ExtensionsFloor").Single().Value;
        var wrong =
            from path in SourceTree.Files("src", "*.csproj")
            let project = XDocument.Load(Repository.PathTo(path))
            from reference in project.Descendants("PackageReference")
            where reference.Attribute("Include")!.Value.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal)
            let version = reference.Attribute("VersionOverride")?.Value.Replace("$(ExtensionsFloor)", declared)
            where version != Floor
            select $"{path}: {reference.Attribute("Include")!.Value} {version ?? "of Directory.Packages.props"}";

        Findings.AssertNone(wrong);
    }

    private static bool IsExtension(string declared, string name) =>
        ExtensionNamespaces.Contains(declared) && (name.EndsWith("Extensions", StringComparison.Ordinal) || name == "IDbSharingBuilder");

    private static IEnumerable<string> PublicTypesOf(string path) =>
        SourceTree.DeclaredTypes.Where(type => type.IsPublic && type.Path == path).Select(type => type.Name);

    private static string FolderNamespace(string path) => path["src/".Length..path.LastIndexOf('/')].Replace('/', '.');

    [GeneratedRegex("\"(KOII_[A-Z_]+)\"")]
    private static partial Regex EnvironmentVariable();
}
