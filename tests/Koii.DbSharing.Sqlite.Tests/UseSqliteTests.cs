using Koii.DbSharing.StoreContract;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.Sqlite.Tests;

public sealed class UseSqliteTests
{
    [Test]
    public async Task Store_is_made_of_the_tasks_options_and_closed_with_the_services()
    {
        using var file = new SqliteFile();
        var services = new ServiceCollection();
        services.Configure<DbSharingOptions>("", options => options.TaskId = "task");
        new Builder(services, "").UseSqlite(file.ConnectionString);

        using (var provider = services.BuildServiceProvider())
        {
            var store = provider.GetRequiredService<ILinktreeStore>();
            Assert.That(store, Is.InstanceOf<SqliteLinktreeStore>());
            await store.PutAsync([SampleLinktrees.Create()]);
        }

        Assert.That(file.FileNames, Is.EqualTo(new[] { "linktrees.db" }));
    }

    [Test]
    public async Task Named_tasks_have_stores_of_their_own_in_one_file()
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
        await one.PutAsync([SampleLinktrees.Create()]);

        Assert.That((await one.ListAsync(new LinktreeQuery())).Linktrees, Has.Count.EqualTo(1));
        Assert.That((await two.ListAsync(new LinktreeQuery())).Linktrees, Is.Empty);
    }

    [Test]
    public void Connection_string_is_required() =>
        Assert.That(() => new Builder(new ServiceCollection(), "").UseSqlite(" "), Throws.ArgumentException);

    private sealed record Builder(IServiceCollection Services, string Name) : IDbSharingBuilder;
}
