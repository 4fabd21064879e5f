using Koii.DbSharing;
using Microsoft.Extensions.Options;

namespace LinktreeNode;

/// <summary>Reads the settings one by one, so that every one that is wrong is named at once, together with what the library finds wrong itself.</summary>
internal sealed class NodeSettings : IValidateOptions<DbSharingOptions>
{
    private readonly List<string> _errors = [];
    private readonly IConfigurationSection _readable;

    public NodeSettings(IConfiguration configuration)
    {
        ShareOnce = Read(configuration["Share:Once"], bool.TryParse, false, "Share:Once is '{0}'; it must be true or false.");
        StoreProvider = Read<StoreProvider>(
            configuration["Store:Provider"], TryParseProvider, default, $"Store:Provider is '{{0}}'; the choices are {string.Join(", ", Enum.GetNames<StoreProvider>())}.");
        ConnectionString = configuration["Store:ConnectionString"] ?? "Data Source=linktrees.db";

        var given = configuration.GetSection("DbSharing").AsEnumerable().Where(setting => setting.Value is not null).ToList();
        _readable = Only(given.Where(setting => IsReadable(setting)));
    }

    public bool ShareOnce { get; }

    public StoreProvider StoreProvider { get; }

    public string ConnectionString { get; }

    public void Apply(DbSharingOptions options) => _readable.Bind(options);

    public ValidateOptionsResult Validate(string? name, DbSharingOptions options) =>
        _errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(_errors);

    private delegate bool Parser<T>(string? text, out T value);

    private static bool TryParseProvider(string? text, out StoreProvider provider) =>
        Enum.TryParse(text, ignoreCase: true, out provider) && Enum.IsDefined(provider) && !char.IsAsciiDigit(text![0]);

    private T Read<T>(string? text, Parser<T> parse, T otherwise, string error)
    {
        if (text is null || parse(text, out var value))
            return text is null ? otherwise : value;
        _errors.Add(string.Format(null, error, text));
        return otherwise;
    }

    private bool IsReadable(KeyValuePair<string, string?> setting)
    {
        try
        {
            Only([setting]).Bind(new DbSharingOptions(), binder => binder.ErrorOnUnknownConfiguration = true);
            return true;
        }
        catch (InvalidOperationException wrong)
        {
            _errors.Add($"{setting.Key} is '{setting.Value}': {wrong.Message}");
            return false;
        }
    }

    private static IConfigurationSection Only(IEnumerable<KeyValuePair<string, string?>> settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings).Build().GetSection("DbSharing");
}
