using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.DependencyInjection;

/// <summary>
/// Reports at start that a task has no store, together with everything else that is wrong with its options.
/// </summary>
internal sealed class StoreChoiceValidator(IServiceProvider services) : IValidateOptions<DbSharingOptions>
{
    internal const string NoStore =
        "No store is registered: call UseSqlite(connectionString) of the package Koii.DbSharing.Sqlite, UsePostgreSql(connectionString) of "
        + "Koii.DbSharing.PostgreSql, UseInMemory(), or UseStore<T>() with a store of your own.";

    public ValidateOptionsResult Validate(string? name, DbSharingOptions options)
    {
        // A container without this service cannot tell what is registered; it then fails when the engine is made.
        if (services.GetService<IServiceProviderIsKeyedService>() is not { } registered)
            return ValidateOptionsResult.Skip;

        var hasStore = string.IsNullOrEmpty(name)
            ? registered.IsService(typeof(ILinktreeStore))
            : registered.IsKeyedService(typeof(ILinktreeStore), name);
        return hasStore ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(NoStore);
    }
}
