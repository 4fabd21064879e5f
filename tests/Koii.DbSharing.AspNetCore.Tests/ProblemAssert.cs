using System.Net;
using System.Text.Json;

namespace Koii.DbSharing.AspNetCore.Tests;

internal static class ProblemAssert
{
    /// <summary>
    /// Asserts that the response is problem+json (RFC 9457) with the protocol's <c>error</c>, without any of the texts.
    /// </summary>
    public static async Task IsProblemAsync(HttpResponseMessage response, HttpStatusCode status, params string[] absent)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(response.StatusCode, Is.EqualTo(status), text);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
        using var problem = JsonDocument.Parse(text);
        Assert.That(problem.RootElement.GetProperty("status").GetInt32(), Is.EqualTo((int)status));
        Assert.That(problem.RootElement.GetProperty("title").GetString(), Is.Not.Empty);
        var error = problem.RootElement.GetProperty("error").GetString();
        Assert.That(error, Is.Not.Empty.And.EqualTo(problem.RootElement.GetProperty("detail").GetString()));
        foreach (var secret in absent)
            Assert.That(text + response.Headers + response.Content.Headers, Does.Not.Contain(secret).IgnoreCase);
    }
}
