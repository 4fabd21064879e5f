using System.Reflection;
using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.Conventions;

/// <summary>Every store of the packages is tested against the contract of stores.</summary>
public sealed class StoreContractConvention
{
    private static readonly Assembly[] Referenced = [.. ReferencedAssemblies(typeof(StoreContractConvention).Assembly)];

    private static IEnumerable<Type> Stores =>
        Referenced.Where(assembly => !IsOfTests(assembly))
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(ILinktreeStore)));

    [Test]
    public void Stores_are_found() =>
        Assert.That(Stores, Is.SupersetOf(new[] { typeof(InMemoryLinktreeStore), typeof(SqliteLinktreeStore), typeof(PostgreSqlLinktreeStore) }));

    [TestCaseSource(nameof(Stores))]
    public void Store_is_tested_against_the_contract(Type store)
    {
        var contract = typeof(LinktreeStoreContract<>).MakeGenericType(store);

        var fixtures = Referenced.Where(IsOfTests).SelectMany(assembly => assembly.GetTypes())
            .Where(type => !type.IsAbstract && type.IsAssignableTo(contract));

        Assert.That(fixtures, Is.Not.Empty,
            $"Derive LinktreeStoreContract<{store.Name}>, or its durable form, in a test project that this one references.");
    }

    // The compiler leaves out references that no code uses, so the output directory is read.
    private static IEnumerable<Assembly> ReferencedAssemblies(Assembly assembly) =>
        Directory.GetFiles(Path.GetDirectoryName(assembly.Location)!, "Koii.DbSharing*.dll").Select(Assembly.LoadFrom);

    private static bool IsOfTests(Assembly assembly) =>
        assembly.GetName().Name is { } name
        && (name.EndsWith(".Tests", StringComparison.Ordinal) || name.EndsWith(".Conventions", StringComparison.Ordinal));
}
