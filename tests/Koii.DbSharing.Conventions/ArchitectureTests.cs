using System.Reflection;

namespace Koii.DbSharing.Conventions;

/// <summary>The arrows of docs/design.md, read off the compiled assemblies.</summary>
public sealed class ArchitectureTests
{
    private const string CoreNamespace = "Koii.DbSharing";

    /// <summary>What each room of the core may use beside itself, the options at the root, Diagnostics and Concurrency.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        [""] = ["Nodes"],
        ["Concurrency"] = [],
        ["Records"] = [],
        ["Signatures"] = ["Records"],
        ["Http"] = ["Records"],
        ["Nodes"] = ["Records", "Http"],
        ["Storage"] = ["Records"],
        ["Reconciliation"] = ["Records", "Storage"],
        ["Peers"] = ["Records", "Http", "Nodes", "Storage", "Reconciliation"],
        ["Replication"] = ["Records", "Signatures", "Nodes", "Storage", "Reconciliation", "Peers"],
        ["Serving"] = ["Records", "Signatures", "Nodes", "Storage", "Reconciliation", "Peers", "Replication"],
        ["Hosting"] = ["Records", "Signatures", "Nodes", "Storage", "Reconciliation", "Peers", "Replication", "Serving"],
        ["DependencyInjection"] = ["Records", "Http", "Signatures", "Nodes", "Storage", "Reconciliation", "Peers", "Replication", "Serving", "Hosting"],
    };

    [Test]
    public void Rooms_of_the_core_use_only_the_rooms_below_them()
    {
        var wrong =
            from type in LibraryAssemblies.Core.GetTypes()
            let room = RoomOf(type)
            where room is not null
            from used in TypeReferences.Of(type)
            let usedRoom = RoomOf(used)
            where usedRoom is not null && usedRoom != room && usedRoom is not ("" or "Diagnostics" or "Concurrency")
            where !Arrows.TryGetValue(room, out var allowed) || !allowed.Contains(usedRoom)
            select $"{type.FullName} uses {used.FullName}";

        Assert.That(wrong.Distinct(), Is.Empty);
    }

    /// <summary>Their continuations leave the thread that drives a run on virtual time, which could then not be replayed.</summary>
    [Test]
    public void Rounds_stay_on_the_thread_that_drives_them()
    {
        Type[] leaving = [typeof(SemaphoreSlim), typeof(Parallel), typeof(System.Threading.Channels.Channel)];
        var wrong =
            from type in LibraryAssemblies.Core.GetTypes()
            where RoomOf(type) is "Replication" or "Peers" or "Serving"
            from used in TypeReferences.Of(type).Intersect(leaving)
            select $"{type.FullName} uses {used.FullName}";

        Assert.That(wrong, Is.Empty);
    }

    [Test]
    public void Every_room_of_the_core_is_on_the_plan()
    {
        var rooms = LibraryAssemblies.Core.GetTypes().Select(RoomOf).OfType<string>().Distinct();

        Assert.That(rooms.Except(Arrows.Keys), Is.Empty);
    }

    [Test]
    public void The_core_knows_no_web_server_and_no_database()
    {
        var references = LibraryAssemblies.Core.GetReferencedAssemblies().Select(assembly => assembly.Name!);

        Assert.That(references.Where(name =>
            name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)
            || name.Contains("Sqlite", StringComparison.OrdinalIgnoreCase)
            || name.StartsWith("Npgsql", StringComparison.Ordinal)
            || name.StartsWith("System.Data", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Packages_refer_to_the_core_and_never_to_each_other()
    {
        foreach (var assembly in LibraryAssemblies.All)
        {
            var own = assembly.GetReferencedAssemblies().Select(reference => reference.Name!)
                .Where(name => name.StartsWith(CoreNamespace, StringComparison.Ordinal));
            Assert.That(own, Is.SubsetOf(assembly == LibraryAssemblies.Core ? [] : new[] { CoreNamespace }), assembly.GetName().Name);
        }
    }

    [Test]
    public void Internals_are_open_to_the_projects_own_tests_only()
    {
        string[] own = ["Koii.DbSharing.Benchmarks"];
        foreach (var assembly in LibraryAssemblies.All)
        {
            var friends = assembly.GetCustomAttributes<System.Runtime.CompilerServices.InternalsVisibleToAttribute>().Select(friend => friend.AssemblyName);
            Assert.That(friends.Where(friend => !friend.EndsWith(".Tests", StringComparison.Ordinal)).Except(own), Is.Empty, assembly.GetName().Name);
        }
    }

    /// <summary>The first part of the namespace below the core's; null for types of others and of the compiler.</summary>
    private static string? RoomOf(Type type)
    {
        if (type.Assembly != LibraryAssemblies.Core)
            return null;
        return type.Namespace switch
        {
            CoreNamespace => "",
            "Microsoft.Extensions.DependencyInjection" => "DependencyInjection",
            { } name when name.StartsWith(CoreNamespace + ".", StringComparison.Ordinal) => name[(CoreNamespace.Length + 1)..].Split('.')[0],
            _ => null,
        };
    }
}
