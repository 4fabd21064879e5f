using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.DependencyInjection;

/// <summary>
/// Binds the options of one task to a section of the configuration. Each setting is checked by itself, so that every
/// one that is unknown or cannot be converted is reported together with everything else that is wrong with the options.
/// </summary>
/// <param name="name">The name of the options.</param>
/// <param name="section">The section, or <see langword="null"/> where there is none.</param>
internal sealed class OptionsSection(string name, IConfiguration? section)
    : IConfigureNamedOptions<DbSharingOptions>, IValidateOptions<DbSharingOptions>
{
    /// <summary>The section of the task that is added without a name.</summary>
    public const string DefaultName = "DbSharing";

    /// <summary>
    /// The subsection with the settings of the endpoints, which the package Koii.DbSharing.AspNetCore binds for the task
    /// that is added without a name.
    /// </summary>
    private const string Endpoints = "Endpoints";

    private readonly string _prefix = section is IConfigurationSection { Path: var path } ? path + ConfigurationPath.KeyDelimiter : "";

    // Elsewhere nothing reads the subsection, so its settings are reported as unknown.
    private readonly bool _hasEndpoints = section is IConfigurationSection { Path: DefaultName };

    public void Configure(DbSharingOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? optionsName, DbSharingOptions options)
    {
        if (optionsName == name)
            Select(Settings().Where(setting => ErrorOf(setting) is null)).Bind(options);
    }

    public ValidateOptionsResult Validate(string? optionsName, DbSharingOptions options)
    {
        if (optionsName != name)
            return ValidateOptionsResult.Skip;
        var errors = Settings().Select(ErrorOf).OfType<string>().ToArray();
        return errors.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>
    /// The settings of the section that have a value. An empty value represents an empty JSON array and is ignored.
    /// </summary>
    private IEnumerable<KeyValuePair<string, string?>> Settings() => (section?.AsEnumerable(makePathsRelative: true) ?? [])
        .Where(setting => setting.Value is not null && !(_hasEndpoints && KeyEquals(setting.Key.Split(ConfigurationPath.KeyDelimiter)[0], Endpoints)))
        .Where(setting => setting.Value is not "" || !IsGroup(setting.Key))
        .OrderBy(setting => setting.Key, ConfigurationKeyComparer.Instance);

    private string? ErrorOf(KeyValuePair<string, string?> setting)
    {
        var (key, value) = setting;
        if (key.Split(ConfigurationPath.KeyDelimiter) is [var list, ..] path && IsList(list) && path is not [_, _])
            return $"{_prefix}{key} is not an element of the list {list}: its elements are {_prefix}{list}:0, {_prefix}{list}:1 and so on.";
        try
        {
            Select([setting]).Bind(new DbSharingOptions());
        }
        catch (InvalidOperationException exception)
        {
            return $"{_prefix}{key} is '{value}', which cannot be converted: {exception.InnerException?.Message ?? exception.Message}";
        }

        // Without the value, which may belong to something else and be a secret.
        return IsKnown(setting) ? null : $"{_prefix}{key} is not a setting of this section.";
    }

    private static bool IsKnown(KeyValuePair<string, string?> setting)
    {
        var path = setting.Key.Split(ConfigurationPath.KeyDelimiter);
        // The binder ignores what is below a simple value, and a value where it expects a section.
        if (path.Length != (IsGroup(path[0]) ? 2 : 1))
            return false;
        try
        {
            Select([setting]).Bind(new DbSharingOptions(), binder => binder.ErrorOnUnknownConfiguration = true);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static IConfiguration Select(IEnumerable<KeyValuePair<string, string?>> settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build();

    private static bool IsList(string key) => KeyEquals(key, nameof(DbSharingOptions.Nodes)) || KeyEquals(key, nameof(DbSharingOptions.OwnUrls));

    private static bool IsGroup(string key) => IsList(key) || KeyEquals(key, nameof(DbSharingOptions.PeerLimits));

    private static bool KeyEquals(string key, string name) => key.Equals(name, StringComparison.OrdinalIgnoreCase);
}
