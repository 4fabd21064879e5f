using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>The options of the endpoints: defaults, sources, validation.</summary>
public sealed class DbSharingEndpointOptionsTests
{
    [Test]
    public void Defaults_are_those_of_the_documentation()
    {
        var options = new DbSharingEndpointOptions();

        Assert.Multiple(() =>
        {
            Assert.That(Of(options.PublicClient), Is.EqualTo(((int?)600, (int?)60, (int?)8, (int?)2)));
            Assert.That(Of(options.PrivateClient), Is.EqualTo(((int?)null, (int?)null, (int?)64, (int?)16)));
            Assert.That(Of(options.AllClients), Is.EqualTo(((int?)null, (int?)null, (int?)128, (int?)32)));
            Assert.That(options.IdleTimeout, Is.EqualTo(TimeSpan.FromSeconds(30)));
            Assert.That(options.MinBytesPerSecond, Is.EqualTo(8192));
            Assert.That(options.RequestTimeout, Is.EqualTo(TimeSpan.FromMinutes(10)));
            Assert.That(options.AllowAnyOrigin, Is.True);
        });
    }

    [Test]
    public void Each_invalid_setting_is_named_with_its_value()
    {
        var thrown = Assert.Catch<OptionsValidationException>(() => Map(options =>
        {
            options.PublicClient.RequestsPerMinute = 0;
            options.PublicClient.MaxConcurrentLists = -1;
            options.PrivateClient.ListsPerMinute = 1_000_001;
            options.PrivateClient.MaxConcurrentRequests = null;
            options.AllClients.MaxConcurrentRequests = null;
            options.AllClients.MaxConcurrentLists = 0;
            options.IdleTimeout = TimeSpan.Zero;
            options.RequestTimeout = TimeSpan.FromDays(2);
            options.MinBytesPerSecond = 0;
        }));

        Assert.That(thrown!.Failures, Is.EqualTo(new[]
        {
            "PublicClient.RequestsPerMinute is 0; it must be from 1 to 1000000, or null for no limit.",
            "PublicClient.MaxConcurrentLists is -1; it must be from 1 to 1000000, or null for no limit.",
            "PrivateClient.ListsPerMinute is 1000001; it must be from 1 to 1000000, or null for no limit.",
            "AllClients.MaxConcurrentRequests is null; it must be from 1 to 1000000, since without it any client can exhaust the node.",
            "AllClients.MaxConcurrentLists is 0; it must be from 1 to 1000000.",
            "IdleTimeout is 00:00:00; it must be more than zero and at most 1 day.",
            "RequestTimeout is 2.00:00:00; it must be more than zero and at most 1 day.",
            "MinBytesPerSecond is 0; it must be at least 1.",
        }));
    }

    [Test]
    public void Errors_of_the_task_and_of_its_endpoints_are_in_one_message_with_a_line_for_each()
    {
        var thrown = Assert.Catch<OptionsValidationException>(() => Map(
            options => (options.MinBytesPerSecond, options.RequestTimeout) = (0, TimeSpan.Zero),
            services => services.Configure<DbSharingOptions>(options => options.FanOut = 0)));

        Assert.That(thrown!.Message.Split('\n'), Has.Length.EqualTo(4));
        Assert.That(thrown.Message, Does.StartWith("The options are invalid:\n").And.Contain("FanOut is 0").And.Contain("\nMinBytesPerSecond is 0;"));
    }

    [Test]
    public void Settings_are_accepted_at_both_ends_of_their_range() =>
        Assert.That(
            () => Map(options =>
            {
                options.PublicClient.RequestsPerMinute = options.AllClients.MaxConcurrentRequests = 1_000_000;
                options.PublicClient.ListsPerMinute = options.AllClients.MaxConcurrentLists = 1;
                options.IdleTimeout = TimeSpan.FromTicks(1);
                options.RequestTimeout = TimeSpan.FromDays(1);
                options.MinBytesPerSecond = 1;
            }),
            Throws.Nothing);

    [Test]
    public void Sources_apply_in_the_documented_order()
    {
        var options = Map(
            options => options.MinBytesPerSecond = 3,
            services =>
            {
                services.Configure<DbSharingEndpointOptions>(options =>
                {
                    Assert.That(options.MinBytesPerSecond, Is.EqualTo(1), "configuration");
                    options.MinBytesPerSecond = 2;
                });
                services.PostConfigure<DbSharingEndpointOptions>(options =>
                {
                    Assert.That(options.MinBytesPerSecond, Is.EqualTo(3), "the argument configure");
                    options.MinBytesPerSecond = 4;
                });
            },
            ("DbSharing:Endpoints:MinBytesPerSecond", "1"));

        Assert.That(options.MinBytesPerSecond, Is.EqualTo(4));
    }

    [Test]
    public void Argument_applies_to_the_mapping_only_and_not_to_the_options_of_the_services()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
        builder.Services.Configure<DbSharingEndpointOptions>(options => options.MinBytesPerSecond = 2);
        var app = builder.Build();
        using var end = (IDisposable)app;

        app.MapDbSharing(options => options.MinBytesPerSecond = 3);

        Assert.That(app.Services.GetRequiredService<IOptions<DbSharingEndpointOptions>>().Value.MinBytesPerSecond, Is.EqualTo(2));
    }

    [Test]
    public async Task Configured_options_are_those_of_the_endpoints_of_the_task_with_their_name()
    {
        await using var node = await TestNode.StartAsync(
            services =>
            {
                services.AddDbSharing("one", options => options.TaskId = "TaskA").UseInMemory();
                services.AddDbSharing("two", options => options.TaskId = "TaskB").UseInMemory();
                services.Configure<DbSharingEndpointOptions>("one", options => options.PrivateClient.RequestsPerMinute = 1);
                services.Configure<DbSharingEndpointOptions>("two", options => options.PrivateClient.RequestsPerMinute = 2);
            },
            endpoints =>
            {
                endpoints.MapDbSharing("one");
                endpoints.MapDbSharing("two");
            });

        var statuses = new List<int>();
        foreach (var task in new[] { "TaskA", "TaskA", "TaskB", "TaskB", "TaskB" })
        {
            using var response = await node.GetAsync($"/task/{task}/linktree/all");
            statuses.Add((int)response.StatusCode);
        }

        Assert.That(statuses, Is.EqualTo(new[] { 200, 429, 200, 200, 429 }));
    }

    [Test]
    public void Each_setting_can_be_configured()
    {
        var options = Map(
            configure: null,
            services: null,
            ("DbSharing:Endpoints:PublicClient:RequestsPerMinute", "1"),
            ("DbSharing:Endpoints:PublicClient:ListsPerMinute", ""),
            ("DbSharing:Endpoints:PrivateClient:MaxConcurrentRequests", null),
            ("DbSharing:Endpoints:AllClients:MaxConcurrentLists", "4"),
            ("DbSharing:Endpoints:IdleTimeout", "00:00:05"),
            ("DbSharing:Endpoints:MinBytesPerSecond", "6"),
            ("dbsharing:endpoints:requesttimeout", "00:07:00"),
            ("DbSharing:Endpoints:AllowAnyOrigin", "false"),
            ("DbSharing:TaskId", "is not a setting of the endpoints"));

        Assert.Multiple(() =>
        {
            Assert.That(Of(options.PublicClient), Is.EqualTo(((int?)1, (int?)null, (int?)8, (int?)2)));
            Assert.That(Of(options.PrivateClient), Is.EqualTo(((int?)null, (int?)null, (int?)null, (int?)16)));
            Assert.That(Of(options.AllClients), Is.EqualTo(((int?)null, (int?)null, (int?)128, (int?)4)));
            Assert.That(options.IdleTimeout, Is.EqualTo(TimeSpan.FromSeconds(5)));
            Assert.That(options.MinBytesPerSecond, Is.EqualTo(6));
            Assert.That(options.RequestTimeout, Is.EqualTo(TimeSpan.FromMinutes(7)));
            Assert.That(options.AllowAnyOrigin, Is.False);
        });
    }

    [Test]
    public void Configuration_section_is_that_of_the_task_without_a_name_only()
    {
        var options = Map(
            configure: null, services: null, name: "other", ("DbSharing:Endpoints:MinBytesPerSecond", "1"), ("DbSharing:Endpoints:Unknown", "1"));

        Assert.That(options.MinBytesPerSecond, Is.EqualTo(8192));
    }

    [Test]
    public void Errors_of_all_sources_are_in_one_exception()
    {
        var thrown = Assert.Catch<OptionsValidationException>(() => Map(
            options => (options.RequestTimeout, options.MinBytesPerSecond) = (TimeSpan.Zero, -1),
            services => services.AddOptions<DbSharingEndpointOptions>().Validate(_ => false, "The application refuses it."),
            ("DbSharing:Endpoints:IdleTimeout", "soon"),
            ("DbSharing:Endpoints:PublicClient:RequestPerMinute", "1"),
            ("DbSharing:Endpoints:Unknown:Setting", "1"),
            ("DbSharing:Endpoints:AllClients", "100"),
            ("DbSharing:Endpoints:RequestTimeout", ""),
            ("DbSharing:Endpoints:MinBytesPerSecond:Unit", "KiB")));

        Assert.That(thrown!.Failures, Is.EqualTo(new[]
        {
            "DbSharing:Endpoints:AllClients is not a setting of this section.",
            "DbSharing:Endpoints:IdleTimeout is 'soon', which cannot be converted: String 'soon' was not recognized as a valid TimeSpan.",
            "DbSharing:Endpoints:MinBytesPerSecond:Unit is not a setting of this section.",
            "DbSharing:Endpoints:PublicClient:RequestPerMinute is not a setting of this section.",
            "DbSharing:Endpoints:RequestTimeout is empty.",
            "DbSharing:Endpoints:Unknown:Setting is not a setting of this section.",
            "RequestTimeout is 00:00:00; it must be more than zero and at most 1 day.",
            "MinBytesPerSecond is -1; it must be at least 1.",
            "The application refuses it.",
        }));
    }

    [Test]
    public void Application_without_configuration_can_map()
    {
        Assert.That(
            () => Map(options => options.MinBytesPerSecond = 1, services => services.RemoveAll<IConfiguration>()).MinBytesPerSecond, Is.EqualTo(1));
    }

    private static (int?, int?, int?, int?) Of(RequestLimits limits) =>
        (limits.RequestsPerMinute, limits.ListsPerMinute, limits.MaxConcurrentRequests, limits.MaxConcurrentLists);

    private static DbSharingEndpointOptions Map(
        Action<DbSharingEndpointOptions>? configure,
        Action<IServiceCollection>? services = null,
        params (string Key, string? Value)[] configuration) =>
        Map(configure, services, name: "", configuration);

    /// <summary>
    /// Maps a task and returns the options of its endpoints, as the last step of their configuration sees them.
    /// </summary>
    private static DbSharingEndpointOptions Map(
        Action<DbSharingEndpointOptions>? configure,
        Action<IServiceCollection>? services,
        string name,
        params (string Key, string? Value)[] configuration)
    {
        DbSharingEndpointOptions? result = null;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(configuration.Select(setting => KeyValuePair.Create(setting.Key, setting.Value)));
        if (name.Length == 0)
            builder.Services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
        else
            builder.Services.AddDbSharing(name, options => options.TaskId = TestNode.TaskId).UseInMemory();
        services?.Invoke(builder.Services);
        builder.Services.PostConfigureAll<DbSharingEndpointOptions>(options => result = options);
        using var app = (IDisposable)builder.Build();
        if (name.Length == 0)
            ((IEndpointRouteBuilder)app).MapDbSharing(configure);
        else
            ((IEndpointRouteBuilder)app).MapDbSharing(name, configure: configure);
        return result!;
    }
}
