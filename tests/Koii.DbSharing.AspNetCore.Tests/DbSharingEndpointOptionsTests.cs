using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>The settings of the endpoints: their defaults, and what is said of wrong ones.</summary>
public sealed class DbSharingEndpointOptionsTests
{
    [Test]
    public void Defaults_are_what_is_documented()
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
        });

        static (int?, int?, int?, int?) Of(RequestLimits limits) => (limits.RequestsPerMinute, limits.ListsPerMinute, limits.MaxConcurrentRequests, limits.MaxConcurrentLists);
    }

    [Test]
    public void Every_wrong_setting_is_named_with_its_value()
    {
        var thrown = Assert.Throws<OptionsValidationException>(() => Map(options =>
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
            "AllClients.MaxConcurrentRequests is null; it must be from 1 to 1000000, since a node without it can be filled up by anybody.",
            "AllClients.MaxConcurrentLists is 0; it must be from 1 to 1000000.",
            "IdleTimeout is 00:00:00; it must be more than zero and at most 1 day.",
            "RequestTimeout is 2.00:00:00; it must be more than zero and at most 1 day.",
            "MinBytesPerSecond is 0; it must be at least 1.",
        }));
    }

    [Test]
    public void Right_settings_are_taken_at_both_ends_of_their_range() =>
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

    private static void Map(Action<DbSharingEndpointOptions> configure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddDbSharing(options => options.TaskId = TestNode.TaskId).UseInMemory();
        using var app = (IDisposable)builder.Build();
        ((IEndpointRouteBuilder)app).MapDbSharing(configure);
    }
}
