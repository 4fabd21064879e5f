using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Matches one segment of a path to the letter. Literal segments match in any case, but <c>Abc</c> and <c>abc</c> are two tasks.</summary>
internal sealed class ExactSegment(string segment) : IRouteConstraint
{
    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        values.TryGetValue(routeKey, out var value) && value is string text && string.Equals(text, segment, StringComparison.Ordinal);
}
