using System.Reflection;
using Koii.DbSharing.Storage;
using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Conventions;

/// <summary>Each store of the packages must pass the store contract, and each store with a change feed that of feeds.</summary>
public sealed class StoreContractConvention
{
    private static readonly Assembly[] Referenced = [.. ReferencedAssemblies(typeof(StoreContractConvention).Assembly)];

    private static IEnumerable<Type> StoresWithFeed => Stores.Where(type => type.IsAssignableTo(typeof(ILinktreeChangeFeed)));

    private static IEnumerable<Type> Stores =>
        Referenced.Where(assembly => !IsOfTests(assembly))
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(ILinktreeStore)));

    [Test]
    public void Stores_are_found() =>
        Assert.That(Stores, Is.SupersetOf(new[] { typeof(InMemoryLinktreeStore), typeof(SqliteLinktreeStore), typeof(PostgreSqlLinktreeStore) }));

    [TestCaseSource(nameof(Stores))]
    public void Store_is_tested_by_the_contract(Type store) => AssertIsDerived(typeof(LinktreeStoreContract<>), store);

    [TestCaseSource(nameof(StoresWithFeed))]
    public void Change_feed_is_tested_by_the_contract(Type store) => AssertIsDerived(typeof(LinktreeChangeFeedContract<>), store);

    private static void AssertIsDerived(Type contract, Type store)
    {
        var type = contract.MakeGenericType(store);

        var fixtures = Referenced.Where(IsOfTests).SelectMany(assembly => assembly.GetTypes())
            .Where(fixture => !fixture.IsAbstract && fixture.IsAssignableTo(type));

        Assert.That(
            fixtures, Is.Not.Empty, $"Derive {contract.Name}<{store.Name}>, or its durable form, in a test project that this one references.");
    }

    // The compiler leaves out references that no code uses, so the output directory is read.
    private static IEnumerable<Assembly> ReferencedAssemblies(Assembly assembly) =>
        Directory.GetFiles(Path.GetDirectoryName(assembly.Location)!, "Koii.DbSharing*.dll").Select(Assembly.LoadFrom);

    private static bool IsOfTests(Assembly assembly) =>
        assembly.GetName().Name is { } name
        && (name.EndsWith(".Tests", StringComparison.Ordinal) || name.EndsWith(".Conventions", StringComparison.Ordinal)
            || name.EndsWith(".TestSupport", StringComparison.Ordinal));
}
