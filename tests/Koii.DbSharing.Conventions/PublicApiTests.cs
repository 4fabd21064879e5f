using System.Reflection;

namespace Koii.DbSharing.Conventions;

/// <summary>The surface is written down in Api/*.txt and changes only together with it.</summary>
public sealed class PublicApiTests
{
    private const string AcceptVariable = "KOII_ACCEPT_API";

    private static IEnumerable<Assembly> Libraries => LibraryAssemblies.All;

    [TestCaseSource(nameof(Libraries))]
    public void The_surface_is_the_approved_one(Assembly assembly)
    {
        var approved = Repository.PathTo("tests", "Koii.DbSharing.Conventions", "Api", $"{assembly.GetName().Name}.txt");
        var actual = PublicApi.Of(assembly);
        if (Environment.GetEnvironmentVariable(AcceptVariable) == "true")
            File.WriteAllText(approved, actual);

        Assert.That(actual, Is.EqualTo(File.Exists(approved) ? File.ReadAllText(approved) : ""),
            $"The public surface of {assembly.GetName().Name} changed. Is that meant? Then run the tests once with {AcceptVariable}=true and commit the text file.");
    }
}
