using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.Tests.DependencyInjection;

/// <summary>Options from the configuration, in each form of <c>AddDbSharing</c> that reads them.</summary>
public sealed class OptionsSectionTests
{
    private const string Settings = """
        {
          "DbSharing": {
            "TaskId": "T", "serviceurl": "http://service.example", "Nodes": ["http://a.example", "http://b.example"], "OwnUrls": [],
            "Interval": "00:00:30", "FanOut": 3, "AllowPrivateAddresses": true, "MaxRecords": 5000000000,
            "PeerLimits": { "ConnectTimeout": "00:00:01.5", "MaxListBytes": 2000000 },
            "Endpoints": { "RequestsPerMinute": "any" }
          },
          "Other": { "Secret": "password" }
        }
        """;

    [Test]
    public void Section_of_the_registered_configuration_sets_the_options()
    {
        using var provider = Provider(Settings, (services, _) => services.AddDbSharing());

        AssertAreSet(provider.GetRequiredService<IOptions<DbSharingOptions>>().Value);
    }

    [Test]
    public void Section_that_is_passed_sets_the_options([Values] bool isRoot, [Values("", "one")] string name)
    {
        using var provider = Provider(Settings, (services, configuration) =>
        {
            var section = isRoot ? configuration : configuration.GetSection("DbSharing");
            return name.Length == 0 ? services.AddDbSharing(section) : services.AddDbSharing(name, section);
        });

        AssertAreSet(provider.GetRequiredService<IOptionsMonitor<DbSharingOptions>>().Get(name));
    }

    [Test]
    public void Section_is_bound_once_however_often_the_task_is_added_and_code_may_follow()
    {
        using var provider = Provider(Settings, (services, _) =>
        {
            services.AddDbSharing();
            services.AddDbSharing().Services.Configure<DbSharingOptions>(options => options.FanOut++);
            return services.AddDbSharing(options => options.FanOut *= 10);
        });

        var options = provider.GetRequiredService<IOptions<DbSharingOptions>>().Value;
        Assert.That((options.Nodes.Count, options.FanOut), Is.EqualTo((2, 40)));
    }

    [Test]
    public void Section_is_bound_after_a_named_task_took_another_one()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["DbSharing:TaskId"] = "default", ["B:TaskId"] = "b" })
            .Build();
        var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration);
        services.AddDbSharing("b", configuration.GetSection("B")).UseInMemory();
        services.AddDbSharing().UseInMemory();
        using var provider = services.BuildServiceProvider();

        var options = provider.GetRequiredService<IOptionsMonitor<DbSharingOptions>>();

        Assert.That((options.CurrentValue.TaskId, options.Get("b").TaskId), Is.EqualTo(("default", "b")));
    }

    [Test]
    public void Settings_of_endpoints_that_nothing_reads_are_reported()
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["B:TaskId"] = "b", ["B:Endpoints:IdleTimeout"] = "00:00:10" })
            .Build();
        var services = new ServiceCollection();
        services.AddDbSharing("b", configuration.GetSection("B")).UseInMemory();
        using var provider = services.BuildServiceProvider();

        Assert.That(
            () => provider.GetRequiredService<IOptionsMonitor<DbSharingOptions>>().Get("b"),
            Throws.TypeOf<OptionsValidationException>().With.Message.EqualTo("B:Endpoints:IdleTimeout is not a setting of this section."));
    }

    [Test]
    public void Options_come_from_code_where_no_configuration_is_registered()
    {
        var services = new ServiceCollection();
        services.AddDbSharing().UseInMemory().Services.Configure<DbSharingOptions>(options => options.TaskId = "T");
        services.AddDbSharing("one").UseInMemory().Services.Configure<DbSharingOptions>("one", options => options.TaskId = "T1");
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetRequiredService<IOptionsMonitor<DbSharingOptions>>().CurrentValue.TaskId, Is.EqualTo("T"));
        Assert.That(provider.GetRequiredService<IOptionsMonitor<DbSharingOptions>>().Get("one").TaskId, Is.EqualTo("T1"));
        Assert.That(provider.GetKeyedService<ReplicationEngine>("one"), Is.Not.Null);
    }

    [Test]
    public void Every_setting_that_is_unknown_or_cannot_be_converted_is_reported_with_all_other_errors()
    {
        using var provider = Provider(
            """
            {
              "DbSharing": {
                "Interval": "soon", "FanOut": 0, "MaxRecords": "1e3", "MaxConcurrentPeers": 5000000000, "AllowPrivateAddresses": "maybe",
                "Intervall": "secret", "Nodes": "http://a.example", "OwnUrls": { "x": { "y": "http://b.example" } }, "TaskId": { "Value": "secret" },
                "PeerLimits": { "IdleTimeout": "10 s", "IdleTime": "secret" }, "Peer": { "Limits": "secret" }
              }
            }
            """,
            (services, _) => services.AddDbSharing(),
            hasStore: false);

        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<ReplicationEngine>())!;

        string[] starts =
        [
            "DbSharing:Interval is 'soon', which cannot be converted: ", "FanOut is 0; ", "DbSharing:MaxRecords is '1e3', which cannot be converted: ",
            "DbSharing:MaxConcurrentPeers is '5000000000', which cannot be converted: ", "DbSharing:AllowPrivateAddresses is 'maybe', which cannot be converted: ",
            "DbSharing:Intervall is not a setting of this section.", "DbSharing:Nodes is not an element of the list Nodes: its elements are DbSharing:Nodes:0, DbSharing:Nodes:1 and so on.",
            "DbSharing:OwnUrls:x:y is ", "DbSharing:TaskId:Value is not a setting of this section.", "DbSharing:PeerLimits:IdleTimeout is '10 s', which cannot be converted: ",
            "DbSharing:PeerLimits:IdleTime is not a setting of this section.", "DbSharing:Peer:Limits is not a setting of this section.", "TaskId is ''; ", "No store is registered: ",
        ];
        foreach (var start in starts)
            Assert.That(error.Failures, Has.One.StartsWith(start));
        Assert.That(error.Failures.Count(), Is.EqualTo(starts.Length), string.Join('\n', error.Failures));
        Assert.That(error.Message, Does.Not.Contain("secret"));
    }

    [Test]
    public void Every_option_can_be_set()
    {
        Dictionary<Type, string> values = new() { [typeof(TimeSpan)] = "00:00:07", [typeof(bool)] = "true", [typeof(int)] = "140000", [typeof(long)] = "2000000", [typeof(string)] = "word" };
        var keys = Keys("DbSharing", typeof(DbSharingOptions)).ToArray();
        var settings = keys.ToDictionary(key => key.Key, key => key.Type == typeof(IList<string>) ? "http://a.example" : values[key.Type]);
        using var provider = Provider(new ConfigurationBuilder().AddInMemoryCollection(settings!).Build(), (services, _) => services.AddDbSharing());

        var options = provider.GetRequiredService<IOptions<DbSharingOptions>>().Value;

        var set = ValuesOf(options).Concat(ValuesOf(options.PeerLimits)).ToArray();
        Assert.That(set, Is.SupersetOf(settings.Values.Distinct()).And.Length.EqualTo(keys.Length));
        Assert.That(set.Except(settings.Values), Is.Empty, "no option has its default");

        static IEnumerable<(string Key, Type Type)> Keys(string section, Type type) => type.GetProperties().SelectMany(option =>
            option.PropertyType == typeof(PeerLimits) ? Keys($"{section}:{option.Name}", option.PropertyType)
            : option.PropertyType == typeof(IList<string>) ? [($"{section}:{option.Name}:0", option.PropertyType)]
            : [($"{section}:{option.Name}", option.PropertyType)]);

        static IEnumerable<string> ValuesOf(object options) => options.GetType().GetProperties().Select(option => option.GetValue(options)).Where(value => value is not PeerLimits)
            .Select(value => value is IList<string> list ? list.Single() : value is bool ? value.ToString()!.ToLowerInvariant() : $"{value}");
    }

    private static void AssertAreSet(DbSharingOptions options) => Assert.Multiple(() =>
    {
        Assert.That((options.TaskId, options.ServiceUrl), Is.EqualTo(("T", "http://service.example")));
        Assert.That(options.Nodes, Is.EqualTo(new[] { "http://a.example", "http://b.example" }));
        Assert.That(options.OwnUrls, Is.Empty);
        Assert.That((options.Interval, options.FanOut, options.AllowPrivateAddresses, options.MaxRecords), Is.EqualTo((TimeSpan.FromSeconds(30), 3, true, 5_000_000_000)));
        Assert.That((options.PeerLimits.ConnectTimeout, options.PeerLimits.MaxListBytes), Is.EqualTo((TimeSpan.FromSeconds(1.5), 2_000_000)));
        Assert.That(options.LinktreesPerAuthor, Is.EqualTo(16), "not set, and so the default");
    });

    private static ServiceProvider Provider(string json, Func<IServiceCollection, IConfiguration, IDbSharingBuilder> add, bool hasStore = true) =>
        Provider(new ConfigurationBuilder().AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json))).Build(), add, hasStore);

    private static ServiceProvider Provider(IConfiguration configuration, Func<IServiceCollection, IConfiguration, IDbSharingBuilder> add, bool hasStore = true)
    {
        var services = new ServiceCollection().AddSingleton(configuration);
        var builder = add(services, configuration);
        if (hasStore)
            builder.UseInMemory();
        return services.BuildServiceProvider();
    }
}
