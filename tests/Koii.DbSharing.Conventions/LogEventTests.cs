using System.Reflection;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Conventions;

/// <summary>Log events as operators filter them: by ids that stay, a range for each feature, and names.</summary>
public sealed class LogEventTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<string, (int First, int Last)> Ranges = new()
    {
        ["src/Koii.DbSharing/Replication"] = (1000, 1099),
        ["src/Koii.DbSharing/Hosting"] = (1000, 1099),
        ["src/Koii.DbSharing/Peers"] = (1100, 1199),
        ["src/Koii.DbSharing/Nodes"] = (1200, 1299),
        ["src/Koii.DbSharing/Storage"] = (1300, 1399),
        ["src/Koii.DbSharing.Sqlite"] = (1300, 1399),
        ["src/Koii.DbSharing.PostgreSql"] = (1300, 1399),
        ["src/Koii.DbSharing.AspNetCore"] = (1400, 1499),
    };

    private static IReadOnlyList<(MethodInfo Method, LoggerMessageAttribute Event)> Events { get; } =
    [
        .. from assembly in LibraryAssemblies.All
           from type in assembly.GetTypes()
           from method in type.GetMethods(Declared)
           let logged = method.GetCustomAttribute<LoggerMessageAttribute>()
           where logged is not null
           select (method, logged),
    ];

    [Test]
    public void Events_are_found() => Assert.That(Events, Is.Not.Empty);

    [Test]
    public void Event_id_is_used_once()
    {
        var repeated =
            from logged in Events
            group logged by logged.Event.EventId into sameId
            where sameId.Count() > 1
            select $"{sameId.Key}: {string.Join(", ", sameId.Select(logged => Name(logged.Method)))}";

        Findings.AssertNone(repeated);
    }

    [Test]
    public void Event_id_is_in_the_range_of_its_feature()
    {
        var outside =
            from logged in Events
            let folder = SourceTree.FolderOf(logged.Method.DeclaringType!) ?? ""
            let range = Ranges.SingleOrDefault(range => $"{folder}/".StartsWith($"{range.Key}/", StringComparison.Ordinal)).Value
            where logged.Event.EventId < range.First || logged.Event.EventId > range.Last
            select $"{Name(logged.Method)}: {logged.Event.EventId} is not in {range} of {folder}";

        Findings.AssertNone(outside);
    }

    [Test]
    public void Event_has_the_name_of_its_method() =>
        Findings.AssertNone(
            from logged in Events
            where logged.Event.EventName != logged.Method.Name
            select $"{Name(logged.Method)}: {logged.Event.EventName}");

    private static string Name(MethodInfo method) => $"{method.DeclaringType}.{method.Name}";
}
