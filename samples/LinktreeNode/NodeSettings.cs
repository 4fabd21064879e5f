using Koii.DbSharing;
using Microsoft.Extensions.Options;

namespace LinktreeNode;

/// <summary>
/// What the node is told on its command line, in appsettings.json and in the environment. Every setting is read by itself, so that all that are wrong
/// are named at once, together with what the library finds wrong with the options.
/// </summary>
internal sealed class NodeSettings : IValidateOptions<DbSharingOptions>
{
    private const string Section = "DbSharing";

    private readonly List<string> _errors = [];
    private readonly IConfigurationSection _readable;

    public NodeSettings(IConfiguration configuration)
    {
        var once = configuration["Share:Once"] ?? "false";
        if (bool.TryParse(once, out var shareOnce))
            ShareOnce = shareOnce;
        else
            _errors.Add($"Share:Once is '{once}'; it must be true or false.");

        var provider = configuration["Store:Provider"] ?? nameof(StoreProvider.Sqlite);
        if (Enum.GetNames<StoreProvider>().Contains(provider, StringComparer.OrdinalIgnoreCase))
            StoreProvider = Enum.Parse<StoreProvider>(provider, ignoreCase: true);
        else
            _errors.Add($"Store:Provider is '{provider}'; it must be one of {string.Join(", ", Enum.GetNames<StoreProvider>())}.");

        var settings = configuration.GetSection(Section).AsEnumerable().Where(setting => setting.Value is not null);
        _readable = Only(settings.Where(IsReadable).ToList());
        ConnectionString = configuration["Store:ConnectionString"] is { Length: > 0 } connectionString ? connectionString : "Data Source=linktrees.db";
    }

    /// <summary>Whether to run a single round in place of serving. Default: no.</summary>
    public bool ShareOnce { get; }

    /// <summary>Where linktrees are kept. Default: SQLite.</summary>
    public StoreProvider StoreProvider { get; }

    /// <summary>Which database it is, in its provider's words. Default: <c>linktrees.db</c> in the working directory, for SQLite.</summary>
    public string ConnectionString { get; }

    public void Apply(DbSharingOptions options) => _readable.Bind(options);

    public ValidateOptionsResult Validate(string? name, DbSharingOptions options) =>
        _errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_errors);

    private bool IsReadable(KeyValuePair<string, string?> setting)
    {
        try
        {
            Only([setting]).Bind(new DbSharingOptions(), binder => binder.ErrorOnUnknownConfiguration = true);
            return true;
        }
        catch (InvalidOperationException)
        {
            _errors.Add($"{setting.Key} is '{setting.Value}'; there is no such setting, or it does not take such a value.");
            return false;
        }
    }

    private static IConfigurationSection Only(IEnumerable<KeyValuePair<string, string?>> settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection(Section);
}
