using System.Net;
using System.Net.Http.Headers;

namespace Koii.DbSharing.Http;

/// <summary>
/// One request and its response, within limits. What the other side does is a value; only the caller's cancellation
/// throws.
/// </summary>
internal sealed class HttpTransfer : IDisposable
{
    // Some firewalls refuse requests without one. The assembly's version is a constant of the build.
    private static readonly ProductInfoHeaderValue UserAgent = new("Koii.DbSharing", typeof(HttpTransfer).Assembly.GetName().Version?.ToString(3));

    /// <summary>Codings of the web that compress, and that were not requested.</summary>
    private static readonly string[] OtherCompressions = ["br", "deflate", "zstd", "compress", "x-compress", "dcb", "dcz"];

    private readonly HttpResponseMessage? _response;
    private readonly TransferTimer _timer;
    private readonly DateTimeOffset _receivedAt;
    private TransferBody? _body;

    private HttpTransfer(HttpResponseMessage? response, TransferFault? fault, TransferTimer timer)
    {
        _response = response;
        _timer = timer;
        _receivedAt = timer.Clock.GetUtcNow();
        Fault = fault;
    }

    /// <summary>The status, or <see langword="null"/> where no headers came.</summary>
    public HttpStatusCode? Status => _response?.StatusCode;

    /// <summary>Why there is no response or no body, or <see langword="null"/>.</summary>
    public TransferFault? Fault { get; private set; }

    /// <summary>The entity tag as it was sent, or <see langword="null"/>.</summary>
    public string? EntityTag =>
        _response is not null && _response.Headers.NonValidated.TryGetValues("ETag", out var values) ? values.ToString() : null;

    /// <summary>
    /// Scheme, host and port that a redirect leads to, or <see langword="null"/> where the response is not a redirect to a valid target.
    /// </summary>
    public string? RedirectsTo => _response is null ? null : RedirectTarget.Of(_response);

    /// <summary>
    /// How long a response with status 429 or 503 asks not to be called, from zero to <see cref="TransferLimits.MaxRetryAfter"/>, or
    /// <see langword="null"/> where it does not ask (RFC 9110 §10.2.3).
    /// </summary>
    public TimeSpan? RetryAfter
    {
        get
        {
            if (_response is not { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable }
                || !_response.Headers.NonValidated.TryGetValues("Retry-After", out var values))
            {
                return null;
            }

            var max = _timer.Limits.MaxRetryAfter;
            var text = values.ToString();
            // Digits of any length are a number of seconds; the framework's parser rejects numbers beyond 32 bits.
            if (text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('0', '9'))
                return long.TryParse(text, out var seconds) && seconds < max.TotalSeconds ? TimeSpan.FromSeconds(seconds) : max;
            if (!RetryConditionHeaderValue.TryParse(text, out var condition) || condition.Date is not { } date)
                return null;

            var wait = date - _receivedAt;
            return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > max ? max : wait;
        }
    }

    /// <summary>
    /// The time in the <c>Date</c> header less the time of the clock when the headers came; <see langword="null"/> where there is no valid
    /// header, or where a cache stored the response (RFC 9111 §5.1), whose date then is of the past.
    /// </summary>
    public TimeSpan? ClockOffset =>
        _response is { Headers: { Date: { } date, Age: null or { Ticks: 0 } } } ? date - _receivedAt : null;

    /// <summary>Sends a GET request.</summary>
    /// <param name="client">The client. Its handler follows no redirects and decompresses nothing.</param>
    /// <param name="url">The resource.</param>
    /// <param name="entityTag">
    /// The entity tag of the representation that this node has, or <see langword="null"/>.
    /// </param>
    /// <param name="timer">The timer of the transfer, started by the caller.</param>
    /// <returns>The headers of the response, or the reason why there are none.</returns>
    public static async ValueTask<HttpTransfer> GetAsync(HttpClient client, string url, string? entityTag, TransferTimer timer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (entityTag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", entityTag);
        return await SendAsync(client, request, timer).ConfigureAwait(false);
    }

    /// <summary>Sends a POST request.</summary>
    /// <param name="client">The client. Its handler follows no redirects and decompresses nothing.</param>
    /// <param name="url">The resource.</param>
    /// <param name="body">
    /// The bytes, sent as <c>application/octet-stream</c> within <see cref="TransferLimits.HeadersTimeout"/>.
    /// </param>
    /// <param name="timer">The timer of the transfer, started by the caller.</param>
    /// <returns>The headers of the response, or the reason why there are none.</returns>
    public static async ValueTask<HttpTransfer> PostAsync(HttpClient client, string url, ReadOnlyMemory<byte> body, TransferTimer timer)
    {
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        return await SendAsync(client, request, timer).ConfigureAwait(false);
    }

    /// <summary>Opens the body of a response with status 200, once.</summary>
    /// <returns>
    /// The body, which is disposed of with the transfer; <see langword="null"/> where there is no such response, or
    /// where its encoding was not requested, which is then the <see cref="Fault"/>.
    /// </returns>
    public async ValueTask<TransferBody?> OpenBodyAsync()
    {
        if (_response is not { StatusCode: HttpStatusCode.OK, Content: var content })
            return null;
        if (!TryGetCompression(content.Headers, out var isCompressed))
        {
            Fault = TransferFault.UnexpectedEncoding;
            return null;
        }

        var stream = await content.ReadAsStreamAsync(CancellationToken.None).ConfigureAwait(false);
        return _body = new TransferBody(stream, isCompressed, _timer);
    }

    /// <summary>Closes the connection where the response was not read to its end.</summary>
    public void Dispose()
    {
        _body?.Dispose();
        _response?.Dispose();
    }

    private static async ValueTask<HttpTransfer> SendAsync(HttpClient client, HttpRequestMessage request, TransferTimer timer)
    {
        // A brotli decoder's window alone may take 16 MiB for every peer; gzip stays under one.
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        request.Headers.UserAgent.Add(UserAgent);
        timer.StartStep(timer.Limits.HeadersTimeout, TransferFault.HeadersTimeout);
        try
        {
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timer.Token).ConfigureAwait(false);
            return new HttpTransfer(response, null, timer);
        }
        catch (Exception exception) when (TransferFault.From(exception, timer) is { } fault)
        {
            timer.ThrowIfCanceledByCaller();
            return new HttpTransfer(null, fault, timer);
        }
        finally
        {
            timer.EndStep();
        }
    }

    private static bool TryGetCompression(HttpContentHeaders headers, out bool isCompressed)
    {
        isCompressed = false;
        if (!headers.NonValidated.TryGetValues("Content-Encoding", out var values))
            return true;
        foreach (var coding in values.ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var isGzip = coding.Equals("gzip", StringComparison.OrdinalIgnoreCase) || coding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase);
            if ((isGzip && isCompressed) || OtherCompressions.Contains(coding, StringComparer.OrdinalIgnoreCase))
                return false;
            // Any other name, such as that of a character set, changes nothing, as for browsers.
            isCompressed |= isGzip;
        }

        return true;
    }
}
