using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Koii.DbSharing.AspNetCore;

/// <summary>
/// Matches one segment of a path with its case: literal segments ignore case, but the tasks <c>Abc</c> and <c>abc</c>
/// differ.
/// </summary>
internal sealed class ExactSegment(string segment) : IRouteConstraint
{
    public bool Match(HttpContext? httpContext, IRouter? route, string routeKey, RouteValueDictionary values, RouteDirection routeDirection) =>
        values.TryGetValue(routeKey, out var value) && value is string text && string.Equals(text, segment, StringComparison.Ordinal);
}
