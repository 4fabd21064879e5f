using System.Reflection;
using System.Text.RegularExpressions;
using PublicApiGenerator;

namespace Koii.DbSharing.Conventions;

/// <summary>The public surface is written down in Api/*.txt and changes only together with that file.</summary>
public sealed partial class PublicApiTests
{
    private const string AcceptVariable = "KOII_ACCEPT_API";

    private static readonly ApiGeneratorOptions Options = new() { IncludeAssemblyAttributes = false, OrderBy = OrderMode.NamespaceThenFullName };

    [TestCaseSource(typeof(LibraryAssemblies), nameof(LibraryAssemblies.Cases))]
    public void The_surface_is_the_approved_one(Assembly assembly)
    {
        var approved = Repository.PathTo("tests", "Koii.DbSharing.Conventions", "Api", $"{assembly.GetName().Name}.txt");
        var actual = Surface(assembly);
        if (Environment.GetEnvironmentVariable(AcceptVariable) == "true")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(approved)!);
            File.WriteAllText(approved, actual);
        }

        Assert.That(actual, Is.EqualTo(File.Exists(approved) ? File.ReadAllText(approved) : ""),
            $"The public surface of {assembly.GetName().Name} changed. If the change is intended, run this test once with {AcceptVariable}=true "
            + "and commit the text file.");
    }

    [Test]
    public void An_approved_surface_belongs_to_a_library()
    {
        var files = SourceTree.Files("tests/Koii.DbSharing.Conventions/Api", "*.txt").Select(path => Path.GetFileNameWithoutExtension(path));

        Assert.That(files, Is.EquivalentTo(LibraryAssemblies.All.Select(assembly => assembly.GetName().Name)));
    }

    // The namespace of a type stands where the type is declared; in each signature it would bury the rest of the line.
    private static string Surface(Assembly assembly) => Qualifier().Replace(assembly.GeneratePublicApi(Options), "").ReplaceLineEndings("\n") + "\n";

    [GeneratedRegex(@"(?<!namespace )\b(?:System|Microsoft|Koii)\.(?:[A-Z]\w*\.)*(?=[A-Z])")]
    private static partial Regex Qualifier();
}
