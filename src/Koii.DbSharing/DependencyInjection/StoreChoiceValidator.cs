using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.DependencyInjection;

/// <summary>
/// Says at start that a task has no store, together with whatever else is wrong with its options, instead of at the first round.
/// A container that cannot tell what it knows is not asked; it then fails on its own when the engine is built.
/// </summary>
internal sealed class StoreChoiceValidator(IServiceProvider services) : IValidateOptions<DbSharingOptions>
{
    internal const string NoStore =
        "No store is chosen: call UseSqlite(connectionString) of the package Koii.DbSharing.Sqlite, UsePostgreSql(connectionString) of Koii.DbSharing.PostgreSql, UseInMemory(), or "
        + "Use<ILinktreeStore>(…) with one of your own.";

    public ValidateOptionsResult Validate(string? name, DbSharingOptions options)
    {
        if (services.GetService<IServiceProviderIsKeyedService>() is not { } known)
            return ValidateOptionsResult.Skip;

        var chosen = string.IsNullOrEmpty(name) ? known.IsService(typeof(ILinktreeStore)) : known.IsKeyedService(typeof(ILinktreeStore), name);
        return chosen ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(NoStore);
    }
}
