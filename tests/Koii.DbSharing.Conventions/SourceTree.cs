using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Koii.DbSharing.Conventions;

/// <summary>The parsed C# files of the repository, without what builds write.</summary>
internal static class SourceTree
{
    private static readonly string[] BuildFolders = ["bin", "obj", "TestResults", "BenchmarkDotNet.Artifacts", "node_modules"];

    private static readonly CSharpParseOptions ParseOptions = new(LanguageVersion.Preview);

    private static readonly Lazy<IReadOnlyDictionary<(string Namespace, string Name), string>> Declarations = new(() => DeclaredTypes
        .GroupBy(type => (type.Namespace, type.Name), type => type.Path)
        .ToDictionary(group => group.Key, group => Path.GetDirectoryName(group.First())!.Replace(Path.DirectorySeparatorChar, '/')));

    /// <summary>The parsed files of src.</summary>
    public static IReadOnlyList<SourceFile> Library => field ??= [.. Files("src", "*.cs").Select(Parse)];

    /// <summary>The parsed files of src, tests and samples.</summary>
    public static IReadOnlyList<SourceFile> All => field ??= [.. Library, .. Files("tests", "*.cs").Concat(Files("samples", "*.cs")).Select(Parse)];

    /// <summary>Paths below the root, with slashes.</summary>
    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(Repository.PathTo(folder), pattern, SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, path).Replace(Path.DirectorySeparatorChar, '/'))
            .Where(path => !path.Split('/').Any(BuildFolders.Contains))
            .Order(StringComparer.Ordinal);

    /// <summary>The top-level types that src declares.</summary>
    public static IReadOnlyList<DeclaredType> DeclaredTypes => field ??=
    [
        .. from file in Library
           from member in file.Root.DescendantNodes(node => node is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
               .OfType<MemberDeclarationSyntax>()
           let name = (member as BaseTypeDeclarationSyntax)?.Identifier.Text ?? (member as DelegateDeclarationSyntax)?.Identifier.Text
           where name is not null
           select new DeclaredType(file.Path, file.Namespace, name, member.Modifiers.Any(SyntaxKind.PublicKeyword)),
    ];

    /// <summary>
    /// The folder of the file that declares the type or the type around it, such as "src/Koii.DbSharing/Records".
    /// </summary>
    /// <returns>The folder, or null for types of others and of the compiler.</returns>
    public static string? FolderOf(Type type)
    {
        while (type.DeclaringType is { } outer)
            type = outer;
        return Declarations.Value.GetValueOrDefault((type.Namespace ?? "", type.Name.Split('`')[0]));
    }

    private static SourceFile Parse(string path)
    {
        var text = File.ReadAllText(Repository.PathTo(path));
        var root = CSharpSyntaxTree.ParseText(text, ParseOptions).GetCompilationUnitRoot();
        var declared = root.Members.OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString();
        return new SourceFile(path, text, root, declared ?? "");
    }
}

/// <summary>A type at the top level of a file of src, without its type parameters.</summary>
internal sealed record DeclaredType(string Path, string Namespace, string Name, bool IsPublic);
