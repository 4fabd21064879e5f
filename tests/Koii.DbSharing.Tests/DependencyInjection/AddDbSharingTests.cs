using System.Net.Http.Headers;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Moq;

namespace Koii.DbSharing.Tests.DependencyInjection;

public sealed class AddDbSharingTests
{
    [Test]
    public void Every_service_is_registered_after_one_call_and_a_store()
    {
        using var provider = Services(options => options.TaskId = "T", builder => builder.UseInMemory());

        Assert.Multiple(() =>
        {
            Assert.That(provider.GetService<ISignatureVerifier>(), Is.InstanceOf<Ed25519SignatureVerifier>());
            Assert.That(provider.GetService<INodeDirectory>(), Is.Not.Null);
            Assert.That(provider.GetService<IPeerClient>(), Is.Not.Null);
            Assert.That(provider.GetService<ILinktreeStore>(), Is.InstanceOf<InMemoryLinktreeStore>());
            Assert.That(provider.GetService<LinktreeResponder>(), Is.Not.Null);
            Assert.That(provider.GetService<ReplicationEngine>(), Is.Not.Null.And.SameAs(provider.GetService<IReplicationEngine>()));
        });
    }

    [Test]
    public async Task A_host_does_not_start_without_a_store_and_the_error_names_the_choices()
    {
        using var host = Host(services => services.AddDbSharing(options => options.TaskId = "T"));

        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.That(error!.Failures.Single(), Is.EqualTo(
            "No store is registered: call UseSqlite(connectionString) of the package Koii.DbSharing.Sqlite, UsePostgreSql(connectionString) of Koii.DbSharing.PostgreSql, UseInMemory(), "
            + "or UseStore<T>() with a store of your own."));
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
    public void Service_that_the_application_registered_first_stays()
    {
        var mine = Mock.Of<IPeerClient>();
        var services = new ServiceCollection().AddSingleton(mine);
        services.AddDbSharing(options => options.TaskId = "T").UseInMemory();
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetRequiredService<IPeerClient>(), Is.SameAs(mine));
    }

    [Test]
    public void Service_that_the_application_registers_later_replaces_the_default()
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
        using var provider = Services(options => options.TaskId = "T", builder => builder.UseInMemory().UseStore((_, _) => mine));

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
    public async Task A_lease_may_be_registered(string name)
    {
        var services = new ServiceCollection();
        var builder = name.Length == 0
            ? services.AddDbSharing(options => options.TaskId = "T")
            : services.AddDbSharing(name, options => options.TaskId = "T");
        builder.UseInMemory().UseReplicationLease((_, _) => Mock.Of<IReplicationLease>()); // Another process always has it.
        await using var provider = services.BuildServiceProvider();
        var engine = name.Length == 0 ? provider.GetRequiredService<ReplicationEngine>() : provider.GetRequiredKeyedService<ReplicationEngine>(name);

        Assert.That((await engine.ShareAsync()).Outcome, Is.EqualTo(RoundOutcome.LeaseHeldElsewhere));
    }

    [Test]
    public void An_empty_name_is_an_argument_error() =>
        Assert.Multiple(() =>
        {
            Assert.That(() => new ServiceCollection().AddDbSharing(""), Throws.ArgumentException);
            Assert.That(() => new ServiceCollection().AddDbSharing("", _ => { }), Throws.ArgumentException);
            Assert.That(() => new ServiceCollection().AddDbSharing("", new ConfigurationBuilder().Build()), Throws.ArgumentException);
        });

    [Test]
    public async Task A_service_url_that_is_not_a_url_is_a_problem_of_the_round_and_not_of_the_start()
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
        store.Setup(failing => failing.ListAsync(It.IsAny<LinktreeQuery>(), It.IsAny<CancellationToken>())).ThrowsAsync(failure);
        using var host = Host(services => services.AddDbSharing(options => options.TaskId = "T").UseStore((_, _) => store.Object).AddReplicationService());

        await Assert.ThatAsync(() => host.StartAsync(), Throws.Exception.SameAs(failure));
    }

    [TestCase("")]
    [TestCase("one")]
    public void Classes_are_made_with_the_options_of_the_task_where_they_take_them(string name)
    {
        var services = new ServiceCollection();
        services.AddDbSharing(options => options.TaskId = "other");
        var builder = name.Length == 0 ? services.AddDbSharing(options => options.TaskId = "T") : services.AddDbSharing(name, options => options.TaskId = "T");
        builder.UseStore<InMemoryLinktreeStore>().UseSignatureVerifier<Ed25519SignatureVerifier>()
            .UsePeerClient<OwnService>().UsePeerReconciler<OwnService>().UseNodeDirectory<OwnService>().UseReplicationLease<OwnService>().UseAdmissionPolicy<OwnService>();
        using var provider = services.BuildServiceProvider();

        Assert.Multiple(() =>
        {
            Assert.That(Get<ILinktreeStore>(), Is.InstanceOf<InMemoryLinktreeStore>());
            Assert.That(Get<ISignatureVerifier>(), Is.InstanceOf<Ed25519SignatureVerifier>());
            foreach (var own in new object?[] { Get<IPeerClient>(), Get<IPeerReconciler>(), Get<INodeDirectory>(), Get<IReplicationLease>(), Get<IAdmissionPolicy>() })
                Assert.That(own, Is.InstanceOf<OwnService>().With.Property(nameof(OwnService.TaskId)).EqualTo("T"));
            Assert.That(Get<ReplicationEngine>(), Is.Not.Null);
        });

        T? Get<T>()
            where T : class => name.Length == 0 ? provider.GetService<T>() : provider.GetKeyedService<T>(name);
    }

    [Test]
    public async Task Reconciler_of_the_application_is_used_and_without_one_the_client_is()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        var own = new Mock<IPeerReconciler>();
        own.Setup(reconciler => reconciler.GetSummaryAsync(It.IsAny<NodeAddress>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(new PeerAnswer<PeerSummary>(null, new PeerFailure(PeerFailureKind.NotSupported), 0));

        await ShareAsync(builder => builder.UsePeerReconciler((_, _) => own.Object));
        Assert.That(peer.Paths, Has.None.EndsWith("/summary"));
        Assert.That(own.Invocations, Has.Count.EqualTo(1));

        await ShareAsync(_ => { });
        Assert.That(peer.Paths, Has.Some.EndsWith("/summary"));

        async Task ShareAsync(Action<IDbSharingBuilder> choose)
        {
            await using var provider = Services(options => (options.TaskId, _) = ("T", Add(options.Nodes, peer.Url)), builder => choose(builder.UseInMemory()));
            await provider.GetRequiredService<ReplicationEngine>().ShareAsync();
        }
    }

    [Test]
    public async Task Defaults_of_the_applications_HTTP_clients_do_not_reach_peers_and_the_service()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]")));
        await using var service = LoopbackPeer.Serve(("/nodes/T", Answers.Json($$$"""[{"data":{"url":"{{{peer.Url}}}"}}]""")));
        var services = new ServiceCollection();
        services.ConfigureHttpClientDefaults(client => client
            .ConfigureHttpClient(http => http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret"))
            .AddHttpMessageHandler(() => new RetryingHandler()));
        services.AddDbSharing(options => (options.TaskId, options.ServiceUrl, options.AllowPrivateAddresses) = ("T", service.Url, true)).UseInMemory();
        await using var provider = services.BuildServiceProvider();

        var report = await provider.GetRequiredService<ReplicationEngine>().ShareAsync();

        Assert.That(report.Peers.Single().Failure, Is.Null);
        foreach (var request in peer.Requests.Concat(service.Requests))
            Assert.That(request.Headers.Keys, Is.SubsetOf(new[] { "Host", "Accept-Encoding", "User-Agent" }));
    }

    [Test]
    public void A_factory_that_returns_null_is_named()
    {
        using var provider = Services(options => options.TaskId = "T", builder => builder.UseStore((_, _) => null!));

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

    private static string Add(IList<string> nodes, string url)
    {
        nodes.Add(url);
        return url;
    }

    private static IHost Host(Action<IServiceCollection> configure) =>
        new HostBuilder().ConfigureServices(configure).UseDefaultServiceProvider(options => options.ValidateOnBuild = options.ValidateScopes = true).Build();

    /// <summary>Implements whatever an application may, and takes the options of its task.</summary>
    private sealed class OwnService(DbSharingOptions options) : IPeerClient, IPeerReconciler, INodeDirectory, IReplicationLease, IAdmissionPolicy
    {
        public string TaskId => options.TaskId;

        public IAsyncEnumerable<PeerPage> ReadAllAsync(NodeAddress peer, string? entityTag, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<PeerAnswer<PeerSummary>> GetSummaryAsync(NodeAddress peer, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<PeerAnswer<ReadOnlyMemory<byte>>> ReconcileAsync(NodeAddress peer, ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public IAsyncEnumerable<PeerPage> FetchAsync(NodeAddress peer, IReadOnlyList<LinktreeId> ids, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<NodeListing> GetNodesAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<IReplicationLeaseHandle?> TryAcquireAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public ValueTask<bool> IsAdmittedAsync(SignedLinktree linktree, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }

    private sealed class RetryingHandler : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new InvalidOperationException("A handler of the application was called.");
    }
}
