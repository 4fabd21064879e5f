using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Applies the authorization fallback policy of an application to the endpoints of a task.</summary>
/// <remarks>
/// The middleware of ASP.NET would challenge the client, which for cookies and OpenID Connect is a redirect to a page for
/// signing in; a peer cannot use it. <see cref="AddTo"/> keeps the middleware from applying the fallback policy, and this
/// class answers 401 or 403 instead. Both do nothing where the application authorizes the endpoints itself, with
/// <c>RequireAuthorization</c> or <c>AllowAnonymous</c>.
/// </remarks>
/// <param name="taskId">The task.</param>
/// <param name="logger">The logger.</param>
internal sealed partial class FallbackAuthorization(string taskId, ILogger logger)
{
    private int _isLogged;

    // The middleware applies the fallback policy to endpoints without a policy. This one admits all clients.
    private static readonly AuthorizationPolicy AdmitsAll = new AuthorizationPolicyBuilder().RequireAssertion(_ => true).Build();

    /// <summary>Makes this class apply the fallback policy to an endpoint whose conventions are complete.</summary>
    /// <remarks>
    /// Not an endpoint that the application authorizes: the middleware ignores the default policy, which
    /// <c>RequireAuthorization</c> without arguments applies, where the metadata contain a policy.
    /// </remarks>
    internal static void AddTo(EndpointBuilder endpoint)
    {
        if (!endpoint.Metadata.Any(item => item is IAuthorizeData or IAuthorizationRequirementData or IAllowAnonymous or AuthorizationPolicy))
            endpoint.Metadata.Add(AdmitsAll);
    }

    /// <summary>Applies the policy, and answers 401 or 403 where it does not admit the client.</summary>
    /// <returns>Whether the endpoint may run.</returns>
    internal async ValueTask<bool> IsAllowedAsync(HttpContext context)
    {
        if (context.RequestServices.GetService<IAuthorizationPolicyProvider>() is not { } policies
            || context.GetEndpoint()?.Metadata is not { } metadata
            || metadata.GetMetadata<AuthorizationPolicy>() != AdmitsAll
            || metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return true;
        }

        // A convention that runs after AddTo may have added authorization.
        var required = metadata.GetOrderedMetadata<IAuthorizeData>();
        if (await (required.Count > 0 ? AuthorizationPolicy.CombineAsync(policies, required) : policies.GetFallbackPolicyAsync()) is not { } policy)
            return true;

        var evaluator = context.RequestServices.GetRequiredService<IPolicyEvaluator>();
        var authentication = await evaluator.AuthenticateAsync(policy, context);
        var authorization = await evaluator.AuthorizeAsync(policy, authentication, context, context);
        if (authorization.Succeeded)
            return true;

        if (Interlocked.Exchange(ref _isLogged, 1) == 0)
            Log.PeersRefused(logger, taskId);
        await (authorization.Forbidden
            ? Problem.WriteAsync(context, StatusCodes.Status403Forbidden, "The application does not permit this request.")
            : Problem.WriteAsync(context, StatusCodes.Status401Unauthorized, "The application requires that clients authenticate."));
        return false;
    }
}
