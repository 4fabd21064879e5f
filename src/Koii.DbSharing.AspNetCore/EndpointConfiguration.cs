using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// Binds the endpoint options of the task without a name to a configuration section, and reports each setting that
/// cannot be bound.
/// </summary>
/// <remarks>
/// Each setting is bound by itself: the binder stops at its first error, and one exception shall name all errors.
/// </remarks>
internal sealed class EndpointConfiguration(IConfigurationSection section)
    : IConfigureOptions<DbSharingEndpointOptions>, IValidateOptions<DbSharingEndpointOptions>
{
    internal const string SectionPath = "DbSharing:Endpoints";

    private static readonly string[] Groups =
        [nameof(DbSharingEndpointOptions.PublicClient), nameof(DbSharingEndpointOptions.PrivateClient), nameof(DbSharingEndpointOptions.AllClients)];

    public void Configure(DbSharingEndpointOptions options)
    {
        foreach (var setting in FindSettings(section))
            Bind(setting, options);
    }

    public ValidateOptionsResult Validate(string? name, DbSharingEndpointOptions options)
    {
        if (name != Options.DefaultName)
            return ValidateOptionsResult.Skip;
        var errors = FindSettings(section).Select(setting => Bind(setting, new DbSharingEndpointOptions())).OfType<string>().ToArray();
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>Binds one setting, or returns its error.</summary>
    private string? Bind(IConfigurationSection setting, DbSharingEndpointOptions options)
    {
        var path = setting.Path[(section.Path.Length + 1)..];
        var names = path.Split(ConfigurationPath.KeyDelimiter);
        var isInGroup = Groups.Contains(names[0], StringComparer.OrdinalIgnoreCase);
        if (names.Length == 1 && setting.Value is null)
            return null; // A group without settings, or null for a setting that cannot be null: the default.

        // The binder ignores a setting below another one, a value of a group, and an empty value.
        if (names.Length != (isInGroup ? 2 : 1))
            return NotASetting(setting);
        if (!isInGroup && setting.Value is "")
            return $"{setting.Path} is empty.";

        // An environment variable cannot be null, but it can be empty: no limit.
        var value = setting.Value is "" ? null : setting.Value;
        try
        {
            var single = new ConfigurationBuilder().AddInMemoryCollection([new(path, value)]).Build();
            single.Bind(options, binder => binder.ErrorOnUnknownConfiguration = true);
            return null;
        }
        catch (InvalidOperationException exception)
        {
            // The binder wraps the error of a conversion; an unknown setting has none.
            return exception.InnerException is { } conversion
                ? $"{setting.Path} is '{value}', which cannot be converted: {conversion.Message}"
                : NotASetting(setting);
        }
    }

    // Without the value, which may be a secret that belongs elsewhere.
    private static string NotASetting(IConfigurationSection setting) => $"{setting.Path} is not a setting of this section.";

    private static IEnumerable<IConfigurationSection> FindSettings(IConfiguration parent) =>
        parent.GetChildren().SelectMany(child => child.GetChildren().Any() ? FindSettings(child) : [child]);
}
