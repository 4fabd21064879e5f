using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Koii.DbSharing.Sqlite.Tests;

public sealed class UseSqliteTests
{
    [Test]
    public async Task Store_has_the_options_of_the_task_and_is_closed_with_the_container()
    {
        using var file = new SqliteFile();
        var services = new ServiceCollection();
        services.Configure<DbSharingOptions>("", options => options.TaskId = "task");
        new Builder(services, "").UseSqlite(file.ConnectionString);

        using (var provider = services.BuildServiceProvider())
        {
            var store = provider.GetRequiredService<ILinktreeStore>();
            Assert.That(store, Is.InstanceOf<SqliteLinktreeStore>());
            await store.PutAsync([Samples.Create()]);
        }

        Assert.That(file.FileNames, Is.EqualTo(new[] { "linktrees.db" }));
    }

    [Test]
    public async Task Connection_string_comes_from_the_container()
    {
        using var file = new SqliteFile();
        var services = new ServiceCollection();
        services.Configure<DbSharingOptions>("", options => options.TaskId = "task");
        services.AddSingleton(new Settings(file.ConnectionString));
        new Builder(services, "").UseSqlite(container => container.GetRequiredService<Settings>().ConnectionString);

        await using (var provider = services.BuildServiceProvider())
            await provider.GetRequiredService<ILinktreeStore>().PutAsync([Samples.Create()]);

        Assert.That(file.FileNames, Is.EqualTo(new[] { "linktrees.db" }));
    }

    [Test]
    public async Task Named_tasks_have_their_own_stores_in_one_file()
    {
        using var file = new SqliteFile();
        var services = new ServiceCollection();
        foreach (var name in new[] { "one", "two" })
        {
            services.Configure<DbSharingOptions>(name, options => options.TaskId = name);
            new Builder(services, name).UseSqlite(file.ConnectionString);
        }

        await using var provider = services.BuildServiceProvider();
        var one = provider.GetRequiredKeyedService<ILinktreeStore>("one");
        var two = provider.GetRequiredKeyedService<ILinktreeStore>("two");
        await one.PutAsync([Samples.Create()]);

        Assert.That((await one.ListAsync(new LinktreeQuery())).Linktrees, Has.Count.EqualTo(1));
        Assert.That((await two.ListAsync(new LinktreeQuery())).Linktrees, Is.Empty);
    }

    [Test]
    public async Task Check_does_nothing_where_the_application_has_replaced_the_store()
    {
        using var file = new SqliteFile();
        var services = new ServiceCollection();
        services.Configure<DbSharingOptions>("", options => options.TaskId = "task");
        new Builder(services, "").UseSqlite(file.ConnectionString).UseInMemory();
        await using var provider = services.BuildServiceProvider();
        var check = provider.GetServices<IHostedService>().OfType<StoreCheckService>().Single();

        await check.StartAsync(default);
        await check.ExecuteTask!;

        Assert.That(file.FileNames, Is.Empty);
    }

    [Test]
    public void Connection_string_is_required()
    {
        var builder = new Builder(new ServiceCollection(), "");

        Assert.That(() => builder.UseSqlite(" "), Throws.ArgumentException);
        Assert.That(() => builder.UseSqlite((Func<IServiceProvider, string>)null!), Throws.ArgumentNullException);
    }

    private sealed record Builder(IServiceCollection Services, string Name) : IDbSharingBuilder;

    private sealed record Settings(string ConnectionString);
}
