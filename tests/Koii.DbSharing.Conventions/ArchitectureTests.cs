using System.Reflection;
using System.Runtime.CompilerServices;

namespace Koii.DbSharing.Conventions;

/// <summary>
/// The arrows between folders and packages that docs/architecture.md draws, read off the compiled assemblies.
/// </summary>
public sealed class ArchitectureTests
{
    private const string CoreFolder = "src/Koii.DbSharing";

    /// <summary>
    /// What each folder of the core may use beside itself, the options at the root, Diagnostics and Concurrency.
    /// </summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        [""] = ["Nodes"],
        ["Concurrency"] = [],
        ["Logging"] = [],
        ["Records"] = [],
        ["Signatures"] = ["Records"],
        ["Http"] = ["Records"],
        ["Nodes"] = ["Records", "Http"],
        ["Storage"] = ["Records"],
        ["Reconciliation"] = ["Records", "Storage"],
        ["Peers"] = ["Logging", "Records", "Http", "Nodes", "Storage", "Reconciliation"],
        ["Replication"] = ["Logging", "Records", "Signatures", "Nodes", "Storage", "Reconciliation", "Peers"],
        ["Serving"] = ["Records", "Signatures", "Nodes", "Storage", "Reconciliation", "Peers", "Replication"],
        ["Hosting"] = ["Records", "Signatures", "Nodes", "Storage", "Reconciliation", "Peers", "Replication", "Serving"],
        ["DependencyInjection"] =
            ["Logging", "Records", "Http", "Signatures", "Nodes", "Storage", "Reconciliation", "Peers", "Replication", "Serving", "Hosting"],
    };

    /// <summary>Which of our packages each package may refer to. The others refer to the core alone.</summary>
    private static readonly Dictionary<string, string[]> PackageArrows = new()
    {
        ["Koii.Ed25519"] = [],
        ["Koii.DbSharing"] = ["Koii.Ed25519"],
    };

    private static IEnumerable<string> Folders => Arrows.Keys;

    [TestCaseSource(nameof(Folders))]
    public void Folder_of_the_core_uses_only_the_folders_below_it(string folder)
    {
        string[] allowed = [folder, "", "Diagnostics", "Concurrency", .. Arrows[folder]];
        var wrong =
            from type in LibraryAssemblies.Core.GetTypes()
            where FolderOf(type) == folder
            from used in TypeReferences.Of(type)
            let usedFolder = FolderOf(used)
            where usedFolder is not null && !allowed.Contains(usedFolder)
            select $"{type} uses {used} of {usedFolder}";

        Findings.AssertNone(wrong);
    }

    /// <summary>
    /// Continuations of these types leave the thread that drives a run on virtual time, and such a run could not be
    /// repeated.
    /// </summary>
    [Test]
    public void Rounds_stay_on_the_thread_that_drives_them()
    {
        Type[] leaving = [typeof(SemaphoreSlim), typeof(Parallel), typeof(System.Threading.Channels.Channel)];
        var wrong =
            from type in LibraryAssemblies.Core.GetTypes()
            where FolderOf(type) is "Replication" or "Peers" or "Serving"
            from used in TypeReferences.Of(type).Intersect(leaving)
            select $"{type} uses {used}";

        Findings.AssertNone(wrong);
    }

    [Test]
    public void Every_folder_of_the_core_has_its_arrows()
    {
        var folders = LibraryAssemblies.Core.GetTypes().Select(FolderOf).OfType<string>().Distinct();

        Assert.That(folders.Except(Arrows.Keys), Is.Empty);
    }

    /// <summary>Calls go down and results come back: what a class constructs does not call the class.</summary>
    /// <remarks>Value types are exempt, since an enumerator refers to what it enumerates.</remarks>
    [Test]
    public void Class_holds_no_reference_to_the_class_that_constructs_it()
    {
        var wrong =
            from assembly in LibraryAssemblies.All
            from type in assembly.GetTypes()
            let maker = Declaring(type)
            from made in TypeReferences.ConstructedBy(type).Distinct()
            where made is { IsClass: true } && made != maker && !TypeReferences.IsOfTheCompiler(made) && made.Assembly == assembly
            where made.GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).Any(field => Refers(field.FieldType, maker))
            select $"{made} holds the {maker} that constructs it";

        Findings.AssertNone(wrong);
    }

    [Test]
    public void Every_type_of_a_package_is_found_in_its_sources()
    {
        var lost =
            from assembly in LibraryAssemblies.All
            from type in assembly.GetTypes()
            where !TypeReferences.IsOfTheCompiler(type) && SourceTree.FolderOf(type) is null
            select type.FullName;

        Findings.AssertNone(lost);
    }

    [Test]
    public void The_core_refers_to_neither_a_web_server_nor_a_database()
    {
        var references = LibraryAssemblies.Core.GetReferencedAssemblies().Select(assembly => assembly.Name!);

        Assert.That(references.Where(name =>
            name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
            || name.Contains("Sqlite", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("Npgsql", StringComparison.Ordinal)
            || name.StartsWith("System.Data", StringComparison.Ordinal)), Is.Empty);
    }

    [TestCaseSource(typeof(LibraryAssemblies), nameof(LibraryAssemblies.Cases))]
    public void Package_refers_only_to_the_packages_below_it(Assembly package)
    {
        var own = package.GetReferencedAssemblies().Select(reference => reference.Name!)
            .Where(name => name.StartsWith("Koii.", StringComparison.Ordinal));

        Assert.That(own, Is.SubsetOf(PackageArrows.GetValueOrDefault(package.GetName().Name!, ["Koii.DbSharing"])));
    }

    [Test]
    public void Koii_Ed25519_depends_on_the_base_class_library_alone()
    {
        var references = LibraryAssemblies.All.Where(assembly => assembly.GetName().Name == "Koii.Ed25519")
            .SelectMany(assembly => assembly.GetReferencedAssemblies());

        Assert.That(references.Select(reference => reference.Name), Has.All.StartWith("System."));
    }

    /// <summary>Packages see each other's public surface alone; only projects below tests/ see more.</summary>
    [TestCaseSource(typeof(LibraryAssemblies), nameof(LibraryAssemblies.Cases))]
    public void Internals_are_visible_to_projects_of_the_tests_only(Assembly package)
    {
        var friends = package.GetCustomAttributes<InternalsVisibleToAttribute>().Select(friend => friend.AssemblyName);

        Assert.That(friends.Where(friend => !Directory.Exists(Repository.PathTo("tests", friend))), Is.Empty);
    }

    private static bool Refers(Type field, Type maker) =>
        field == maker || (field.IsInterface && field.Assembly == maker.Assembly && maker.IsAssignableTo(field));

    /// <summary>The type that the sources declare: closures and state machines belong to the type around them.</summary>
    private static Type Declaring(Type type)
    {
        while (TypeReferences.IsOfTheCompiler(type) && type.DeclaringType is { } outer)
            type = outer;
        return type;
    }

    /// <summary>
    /// The first folder below the core's, "" for the core's own; null for types of others and of the compiler.
    /// </summary>
    private static string? FolderOf(Type type)
    {
        if (type.Assembly != LibraryAssemblies.Core || SourceTree.FolderOf(type) is not { } folder)
            return null;
        return folder[CoreFolder.Length..].TrimStart('/').Split('/')[0];
    }
}
