using Koii.DbSharing;
using Koii.DbSharing.AspNetCore;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps the endpoints that a node serves to its peers and to authors (protocol §3).</summary>
public static class DbSharingEndpointRouteBuilderExtensions
{
    // After all endpoints of the application but its fallbacks. Two endpoints of one pattern need two orders.
    private const int FirstOrderOfOtherTasks = int.MaxValue / 2;

    private static int _mappedTasks;

    /// <summary>Maps the endpoints of the task that was added without a name.</summary>
    /// <remarks>
    /// <para>The endpoints are <c>GET all</c>, <c>GET list</c>, <c>GET get/{publicKey}</c>, <c>POST</c> on the path
    /// itself, and the extension that nodes of this library use among themselves: <c>GET summary</c>, <c>POST
    /// reconcile</c> and <c>POST fetch</c>. They are mapped under <c>/task/{taskId}/{resource}</c>, and under
    /// <c>/{resource}</c> for a task host that removes the prefix. <c>PUT</c> on the path itself is the same as
    /// <c>POST</c>. Other paths under <c>/task/{taskId}/{resource}</c>, of any task that the application does not map, are
    /// answered with 404 and a problem.</para>
    /// <para>The endpoints are not cached by ASP.NET's output cache. An authorization fallback policy of the application is
    /// answered with 401 or 403, never with a redirect; call <c>AllowAnonymous</c> on the result to serve peers.</para>
    /// <para>With a store that does not implement the change feed, the extension answers 404 and lists have no
    /// <c>ETag</c>.</para>
    /// </remarks>
    /// <param name="endpoints">The application's endpoints.</param>
    /// <param name="configure">
    /// Changes the options of the endpoints, after those of the services. Default: no change.
    /// </param>
    /// <returns>All endpoints of the task, for policies such as authorization, further rate limits or CORS.</returns>
    /// <exception cref="InvalidOperationException"><c>AddDbSharing</c> was not called.</exception>
    /// <exception cref="OptionsValidationException">The task's options, or those of the endpoints, are invalid; it names
    /// all errors.</exception>
    public static IEndpointConventionBuilder MapDbSharing(this IEndpointRouteBuilder endpoints, Action<DbSharingEndpointOptions>? configure = null) =>
        Map(endpoints, Options.DefaultName, shortPath: true, configure);

    /// <summary>Maps the endpoints of a task that was added with a name.</summary>
    /// <remarks>
    /// <inheritdoc cref="MapDbSharing(IEndpointRouteBuilder, Action{DbSharingEndpointOptions})" path="/remarks"/>
    /// </remarks>
    /// <param name="endpoints">The application's endpoints.</param>
    /// <param name="name">The name that the task was added with; its endpoint options have the same name.</param>
    /// <param name="shortPath">
    /// Whether to map <c>/{resource}</c> too. Default: no, since that path does not contain the task's id; at most one
    /// task of a process can have it.
    /// </param>
    /// <param name="configure">
    /// Changes the options of the endpoints, after those of the services. Default: no change.
    /// </param>
    /// <returns>All endpoints of the task, for policies such as authorization, further rate limits or CORS.</returns>
    /// <exception cref="InvalidOperationException"><c>AddDbSharing</c> was not called with this name.</exception>
    /// <exception cref="OptionsValidationException">The task's options, or those of the endpoints, are invalid; it names
    /// all errors.</exception>
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
        {
            var arguments = name.Length == 0 ? "options => …" : $"\"{name}\", options => …";
            throw new InvalidOperationException($"There is no task to map: call services.AddDbSharing({arguments}) first.");
        }

        List<string> errors = [];
        var task = Read(() => services.GetRequiredService<IOptionsMonitor<DbSharingOptions>>().Get(name), errors);
        var options = Read(() => CreateOptions(services, name, configure), errors);
        if (task is null || options is null)
            throw new InvalidEndpointOptionsException(name, errors);

        var logger = services.GetService<ILogger<TaskEndpoints>>() ?? NullLogger<TaskEndpoints>.Instance;
        var clock = services.GetService<TimeProvider>() ?? TimeProvider.System;
        var pipeline = new RequestPipeline(
            options,
            clock,
            new StoreFailureLog(task.TaskId, clock, logger),
            new FallbackAuthorization(task.TaskId, logger),
            services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? default);
        var handlers = new TaskEndpoints(name, pipeline, options.AllowAnyOrigin);

        var group = endpoints.MapGroup("");
        handlers.MapTo(group, path => RoutePatternFactory.Parse(
            $"/task/{{taskId}}/{task.ResourceName}{path}", defaults: null, new RouteValueDictionary { ["taskId"] = new ExactSegment(task.TaskId) }));
        if (shortPath)
            handlers.MapTo(group, path => RoutePatternFactory.Parse($"/{task.ResourceName}{path}"));
        group.Map(RoutePatternFactory.Parse($"/task/{{taskId}}/{task.ResourceName}/{{**path}}"), RefuseTaskAsync)
            .WithOrder(FirstOrderOfOtherTasks + Interlocked.Increment(ref _mappedTasks));
        ((IEndpointConventionBuilder)group).Finally(FallbackAuthorization.AddTo);
        return group.CacheOutput(policy => policy.NoCache());
    }

    private static Task RefuseTaskAsync(HttpContext context) =>
        Problem.WriteAsync(context, StatusCodes.Status404NotFound, "This node does not serve this task, or the path does not exist.");

    private static T? Read<T>(Func<T> read, List<string> errors)
        where T : class
    {
        try
        {
            return read();
        }
        catch (OptionsValidationException invalid)
        {
            errors.AddRange(invalid.Failures);
            return null;
        }
    }

    // Not the registered factory: the argument configure must precede the validation, and must not change an instance
    // that the application can resolve.
    private static DbSharingEndpointOptions CreateOptions(IServiceProvider services, string name, Action<DbSharingEndpointOptions>? configure)
    {
        EndpointConfiguration[] section = services.GetService<IConfiguration>() is { } configuration
            ? [new EndpointConfiguration(configuration.GetSection(EndpointConfiguration.SectionPath))]
            : [];
        var argument = new ConfigureNamedOptions<DbSharingEndpointOptions>(name, configure);
        var factory = new OptionsFactory<DbSharingEndpointOptions>(
            [.. section, .. services.GetServices<IConfigureOptions<DbSharingEndpointOptions>>(), argument],
            services.GetServices<IPostConfigureOptions<DbSharingEndpointOptions>>(),
            [.. section, new DbSharingEndpointOptionsValidator(), .. services.GetServices<IValidateOptions<DbSharingEndpointOptions>>()]);
        return factory.Create(name);
    }

    // A container that does not implement IServiceProviderIsKeyedService is not asked: the first request then fails with
    // its own error.
    private static bool IsAdded(IServiceProvider services, string name) =>
        services.GetService<IServiceProviderIsKeyedService>() is not { } registrations
        || (name.Length == 0 ? registrations.IsService(typeof(LinktreeResponder)) : registrations.IsKeyedService(typeof(LinktreeResponder), name));
}
