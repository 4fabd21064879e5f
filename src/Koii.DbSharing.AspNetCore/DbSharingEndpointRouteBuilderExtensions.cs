using Koii.DbSharing;
using Koii.DbSharing.AspNetCore;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps what a node serves to its peers and authors (protocol §3).</summary>
public static class DbSharingEndpointRouteBuilderExtensions
{
    /// <summary>
    /// Maps the task that was added without a name, under <c>/task/{taskId}/{resource}</c> and, as a task host that cuts the prefix off asks it,
    /// under <c>/{resource}</c>: <c>GET all</c>, <c>GET list</c>, <c>GET get/{publicKey}</c>, and <c>POST</c> on the path itself; and what nodes of this library ask
    /// each other, <c>GET summary</c>, <c>POST reconcile</c> and <c>POST fetch</c>.
    /// </summary>
    /// <param name="endpoints">The application's endpoints.</param>
    /// <param name="configure">Changes the limits that are kept. Default: none, which leaves those of <see cref="DbSharingEndpointOptions"/>.</param>
    /// <returns>All of them, to add policies to: authorization, further rate limits, CORS.</returns>
    /// <exception cref="InvalidOperationException"><c>AddDbSharing</c> was not called.</exception>
    /// <exception cref="OptionsValidationException">The task's options or those of the endpoints are wrong.</exception>
    public static IEndpointConventionBuilder MapDbSharing(this IEndpointRouteBuilder endpoints, Action<DbSharingEndpointOptions>? configure = null) =>
        Map(endpoints, Options.DefaultName, shortPath: true, configure);

    /// <summary>Maps one of several tasks of the process.</summary>
    /// <param name="endpoints">The application's endpoints.</param>
    /// <param name="name">The name that the task was added with.</param>
    /// <param name="shortPath">
    /// Whether <c>/{resource}</c> leads to this task too. Default: no, since that path names no task; at most one task of a process may claim it.
    /// </param>
    /// <param name="configure">Changes the limits that are kept. Default: none, which leaves those of <see cref="DbSharingEndpointOptions"/>.</param>
    /// <returns>All of them, to add policies to: authorization, further rate limits, CORS.</returns>
    /// <exception cref="InvalidOperationException"><c>AddDbSharing</c> was not called with this name.</exception>
    /// <exception cref="OptionsValidationException">The task's options or those of the endpoints are wrong.</exception>
    public static IEndpointConventionBuilder MapDbSharing(
        this IEndpointRouteBuilder endpoints, string name, bool shortPath = false, Action<DbSharingEndpointOptions>? configure = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return Map(endpoints, name, shortPath, configure);
    }

    private static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string name, bool shortPath, Action<DbSharingEndpointOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        var services = endpoints.ServiceProvider;
        if (!IsAdded(services, name))
            throw new InvalidOperationException($"There is no task to map: call services.AddDbSharing({(name.Length == 0 ? "" : $"\"{name}\", ")}options => …) first.");

        var options = services.GetRequiredService<IOptionsMonitor<DbSharingOptions>>().Get(name);
        var logger = services.GetService<ILogger<TaskEndpoints>>() ?? NullLogger<TaskEndpoints>.Instance;
        var limits = new DbSharingEndpointOptions();
        configure?.Invoke(limits);
        DbSharingEndpointOptionsValidator.Validate(name, limits);
        var task = new TaskEndpoints(name, new RequestGuard(limits, services.GetService<TimeProvider>() ?? TimeProvider.System), logger);

        var group = endpoints.MapGroup("");
        task.MapTo(group, path => RoutePatternFactory.Parse(
            $"/task/{{taskId}}/{options.ResourceName}{path}", defaults: null, new RouteValueDictionary { ["taskId"] = new ExactSegment(options.TaskId) }));
        if (shortPath)
            task.MapTo(group, path => RoutePatternFactory.Parse($"/{options.ResourceName}{path}"));
        return group;
    }

    // A container that cannot tell what it knows is not asked; the first request then fails on its own.
    private static bool IsAdded(IServiceProvider services, string name) =>
        services.GetService<IServiceProviderIsKeyedService>() is not { } known
        || (name.Length == 0 ? known.IsService(typeof(LinktreeResponder)) : known.IsKeyedService(typeof(LinktreeResponder), name));
}
