using Koii.DbSharing.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Moq;

namespace Koii.DbSharing.Tests.DependencyInjection;

public sealed class AddDbSharingTests
{
    [Test]
    public void Every_role_is_there_after_one_call_and_a_store()
    {
        using var provider = Services(options => options.TaskId = "T", builder => builder.UseInMemory());

        Assert.Multiple(() =>
        {
            Assert.That(provider.GetService<ISignatureVerifier>(), Is.InstanceOf<Ed25519SignatureVerifier>());
            Assert.That(provider.GetService<INodeDirectory>(), Is.Not.Null);
            Assert.That(provider.GetService<IPeerClient>(), Is.Not.Null);
            Assert.That(provider.GetService<ILinktreeStore>(), Is.InstanceOf<InMemoryLinktreeStore>());
            Assert.That(provider.GetService<LinktreeResponder>(), Is.Not.Null);
            Assert.That(provider.GetService<ReplicationEngine>(), Is.Not.Null);
        });
    }

    [Test]
    public async Task A_host_does_not_start_without_a_store_and_says_which_there_are()
    {
        using var host = Host(services => services.AddDbSharing(options => options.TaskId = "T"));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.That(error!.Failures.Single(), Is.EqualTo(
            "No store is chosen: call UseSqlite(connectionString) of the package Koii.DbSharing.Sqlite, UsePostgreSql(connectionString) of Koii.DbSharing.PostgreSql, UseInMemory(), "
            + "or Use<ILinktreeStore>(…) with one of your own."));
        await host.StopAsync();
    }

    [Test]
    public void Without_a_host_the_engine_names_every_error_at_once()
    {
        using var provider = Services(options => (options.TaskId, options.FanOut) = ("", 0), _ => { });

        var error = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<ReplicationEngine>());

        Assert.That(error.Failures, Has.Exactly(3).Items);
        Assert.That(error.Message, Does.Contain("TaskId").And.Contain("FanOut is 0").And.Contain("No store"));
    }

    [Test]
    public void What_the_application_registered_first_stays()
    {
        var mine = Mock.Of<IPeerClient>();
        var services = new ServiceCollection().AddSingleton(mine);
        services.AddDbSharing(options => options.TaskId = "T").UseInMemory();
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetRequiredService<IPeerClient>(), Is.SameAs(mine));
    }

    [Test]
    public void What_the_application_registers_later_wins()
    {
        var mine = Mock.Of<ILinktreeStore>();
        var services = new ServiceCollection();
        services.AddDbSharing(options => options.TaskId = "T").UseInMemory();
        services.AddSingleton(mine);
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetRequiredService<ILinktreeStore>(), Is.SameAs(mine));
    }

    [Test]
    public void A_second_choice_of_a_store_replaces_the_first()
    {
        var mine = Mock.Of<ILinktreeStore>();
        using var provider = Services(options => options.TaskId = "T", builder => builder.UseInMemory().Use<ILinktreeStore>((_, _) => mine));

        Assert.That(provider.GetServices<ILinktreeStore>(), Is.EqualTo(new[] { mine }));
    }

    [Test]
    public void Adding_the_same_task_twice_applies_both_settings_and_doubles_nothing()
    {
        var services = new ServiceCollection();
        services.AddDbSharing(options => options.TaskId = "T").UseInMemory().AddReplicationService();
        services.AddDbSharing(options => options.FanOut = 3).AddReplicationService();
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetServices<ReplicationEngine>().Count(), Is.EqualTo(1));
        Assert.That(provider.GetServices<IHostedService>().Count(), Is.EqualTo(1));
        Assert.That(provider.GetRequiredService<IOptions<DbSharingOptions>>().Value, Has.Property("TaskId").EqualTo("T").And.Property("FanOut").EqualTo(3));
    }

    [Test]
    public void Tasks_with_names_have_engines_and_stores_of_their_own()
    {
        var services = new ServiceCollection();
        services.AddDbSharing("a", options => options.TaskId = "A").UseInMemory().AddReplicationService();
        services.AddDbSharing("b", options => options.TaskId = "B").UseInMemory().AddReplicationService();
        using var provider = services.BuildServiceProvider();

        Assert.Multiple(() =>
        {
            Assert.That(provider.GetKeyedService<ReplicationEngine>("a"), Is.Not.Null.And.Not.SameAs(provider.GetKeyedService<ReplicationEngine>("b")));
            Assert.That(provider.GetKeyedService<ILinktreeStore>("a"), Is.Not.SameAs(provider.GetKeyedService<ILinktreeStore>("b")));
            Assert.That(provider.GetService<ReplicationEngine>(), Is.Null);
            Assert.That(provider.GetServices<IHostedService>().Count(), Is.EqualTo(2));
        });
    }

    [TestCase("")]
    [TestCase("one")]
    public async Task The_lease_is_a_role_that_may_be_filled(string name)
    {
        var services = new ServiceCollection();
        var builder = name.Length == 0
            ? services.AddDbSharing(options => options.TaskId = "T")
            : services.AddDbSharing(name, options => options.TaskId = "T");
        builder.UseInMemory().Use((_, _) => Mock.Of<IReplicationLease>()); // It is never ours.
        await using var provider = services.BuildServiceProvider();
        var engine = name.Length == 0 ? provider.GetRequiredService<ReplicationEngine>() : provider.GetRequiredKeyedService<ReplicationEngine>(name);

        Assert.That((await engine.ShareAsync()).Outcome, Is.EqualTo(RoundOutcome.LeaseHeldElsewhere));
    }

    [Test]
    public void An_empty_name_is_a_broken_call() =>
        Assert.That(() => new ServiceCollection().AddDbSharing("", _ => { }), Throws.ArgumentException);

    [Test]
    public async Task A_service_url_that_is_no_url_is_a_problem_of_the_round_and_not_of_the_start()
    {
        await using var provider = Services(options => (options.TaskId, options.ServiceUrl) = ("T", "undefined"), builder => builder.UseInMemory());

        var report = await provider.GetRequiredService<ReplicationEngine>().ShareAsync();

        Assert.That(report.Outcome, Is.EqualTo(RoundOutcome.NoNodeList));
        Assert.That(report.Nodes.Problems, Has.Some.Contains("ServiceUrl"));
    }

    [Test]
    public async Task A_store_that_cannot_be_opened_stops_the_host_at_its_start()
    {
        var store = new Mock<ILinktreeStore>();
        var failure = new LinktreeStoreException("The directory does not exist.");
        store.Setup(role => role.ListAsync(It.IsAny<LinktreeQuery>(), It.IsAny<CancellationToken>())).ThrowsAsync(failure);
        using var host = Host(services => services.AddDbSharing(options => options.TaskId = "T").Use<ILinktreeStore>((_, _) => store.Object).AddReplicationService());

        await Assert.ThatAsync(() => host.StartAsync(), Throws.Exception.SameAs(failure));
    }

    [Test]
    public void A_class_is_no_role()
    {
        var builder = new ServiceCollection().AddDbSharing(options => options.TaskId = "T");

        Assert.That(
            () => builder.Use((_, options) => new InMemoryLinktreeStore(options)),
            Throws.ArgumentException.With.Message.StartsWith("InMemoryLinktreeStore is no role but a class that fills one: write Use<ILinktreeStore>(…) or the like."));
    }

    [Test]
    public void A_factory_that_makes_nothing_is_named()
    {
        using var provider = Services(options => options.TaskId = "T", builder => builder.Use<ILinktreeStore>((_, _) => null!));

        Assert.That(() => provider.GetService<ILinktreeStore>(), Throws.InvalidOperationException.With.Message.EqualTo("The factory of ILinktreeStore returned null."));
    }

    [Test]
    public async Task A_host_with_the_replication_service_starts_and_stops()
    {
        using var host = Host(services => services.AddDbSharing(options => options.TaskId = "T").UseInMemory().AddReplicationService());

        await host.StartAsync();
        await host.StopAsync();
    }

    private static ServiceProvider Services(Action<DbSharingOptions> configure, Action<IDbSharingBuilder> choose)
    {
        var services = new ServiceCollection();
        choose(services.AddDbSharing(configure));
        return services.BuildServiceProvider();
    }

    private static IHost Host(Action<IServiceCollection> configure) =>
        new HostBuilder().ConfigureServices(configure).UseDefaultServiceProvider(options => options.ValidateOnBuild = options.ValidateScopes = true).Build();
}
