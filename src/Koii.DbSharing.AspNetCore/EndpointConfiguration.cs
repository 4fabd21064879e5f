using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// Binds <see cref="DbSharingEndpointOptions"/> from a configuration section, and reports each key that cannot be bound.
/// </summary>
/// <remarks>
/// Each key is bound by itself: the binder stops at its first error, and one exception shall name all errors. Used once,
/// since the errors found while binding are kept for the validation that follows.
/// </remarks>
internal sealed class EndpointConfiguration(IConfigurationSection section)
    : IConfigureOptions<DbSharingEndpointOptions>, IValidateOptions<DbSharingEndpointOptions>
{
    /// <summary>The section of the task without a name: an unnamed <c>IConfigureOptions</c> applies to no other.</summary>
    internal const string SectionPath = "DbSharing:Endpoints";

    private static readonly string[] Groups =
        [nameof(DbSharingEndpointOptions.PublicClient), nameof(DbSharingEndpointOptions.PrivateClient), nameof(DbSharingEndpointOptions.AllClients)];

    private readonly List<string> _errors = [];

    public void Configure(DbSharingEndpointOptions options)
    {
        foreach (var key in Leaves(section))
        {
            if (Bind(key, options) is { } error)
                _errors.Add($"The configuration key {key.Path} {error}.");
        }
    }

    public ValidateOptionsResult Validate(string? name, DbSharingEndpointOptions options) =>
        _errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_errors);

    /// <summary>Binds one key, or returns what is wrong with it.</summary>
    private string? Bind(IConfigurationSection key, DbSharingEndpointOptions options)
    {
        const string WrongType = "cannot be converted to the type of the setting";
        var path = key.Path[(section.Path.Length + 1)..];
        var isLimit = path.Contains(ConfigurationPath.KeyDelimiter, StringComparison.Ordinal);
        // The binder ignores these two.
        if ((!isLimit && key.Value is "") || (key.Value is not null && Groups.Contains(path, StringComparer.OrdinalIgnoreCase)))
            return $"has the value '{key.Value}', which {WrongType}";

        // An environment variable cannot be null, but it can be empty: no limit.
        var value = isLimit && key.Value is "" ? null : key.Value;
        try
        {
            var single = new ConfigurationBuilder().AddInMemoryCollection([new(path, value)]).Build();
            single.Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
            return null;
        }
        catch (InvalidOperationException exception)
        {
            // The binder wraps the error of a conversion; an unknown key has none.
            return exception.InnerException is null
                ? $"is not a setting of {nameof(DbSharingEndpointOptions)}"
                : $"has the value '{key.Value}', which {WrongType}";
        }
    }

    private static IEnumerable<IConfigurationSection> Leaves(IConfiguration parent) =>
        parent.GetChildren().SelectMany(child => child.GetChildren().Any() ? Leaves(child) : [child]);
}
