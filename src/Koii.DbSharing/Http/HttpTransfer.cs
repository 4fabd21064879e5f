using System.Net;
using System.Net.Http.Headers;

namespace Koii.DbSharing.Http;

/// <summary>One request and its answer within limits. What the other side does is told by values; only the caller's cancellation throws.</summary>
internal sealed class HttpTransfer : IDisposable
{
    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    private readonly HttpResponseMessage? _response;
    private readonly TransferTimer _timer;
    private TransferBody? _body;

    private HttpTransfer(HttpResponseMessage? response, TransferFault? fault, TransferTimer timer)
    {
        _response = response;
        _timer = timer;
        Fault = fault;
    }

    /// <summary>The status, or <see langword="null"/> where no headers came.</summary>
    public HttpStatusCode? Status => _response?.StatusCode;

    /// <summary>Why there is no answer, or <see langword="null"/>.</summary>
    public TransferFault? Fault { get; private set; }

    /// <summary>The entity tag as it was sent, or <see langword="null"/>.</summary>
    public string? EntityTag => _response is not null && _response.Headers.NonValidated.TryGetValues("ETag", out var values) ? values.ToString() : null;

    /// <summary>How long the other side asks to be left alone, zero to a day, or <see langword="null"/> where it does not say (RFC 9110 §10.2.3).</summary>
    public TimeSpan? RetryAfter
    {
        get
        {
            if (_response is null || !_response.Headers.NonValidated.TryGetValues("Retry-After", out var values))
                return null;
            var text = values.ToString();
            // Digits of any length are a number of seconds; the framework's parser stops at 32 bits and would hear nothing.
            if (text.Length > 0 && !text.AsSpan().ContainsAnyExceptInRange('0', '9'))
                return long.TryParse(text, out var seconds) && seconds < MaxRetryAfter.TotalSeconds ? TimeSpan.FromSeconds(seconds) : MaxRetryAfter;
            if (!RetryConditionHeaderValue.TryParse(text, out var condition) || condition.Date is not { } date)
                return null;

            var wait = date - _timer.Clock.GetUtcNow();
            return wait < TimeSpan.Zero ? TimeSpan.Zero : wait > MaxRetryAfter ? MaxRetryAfter : wait;
        }
    }

    /// <summary>Asks for a resource.</summary>
    /// <param name="client">The client. Its handler follows no redirects and decompresses nothing.</param>
    /// <param name="url">The resource.</param>
    /// <param name="entityTag">What is held of it already, or <see langword="null"/>.</param>
    /// <param name="limits">What it may cost.</param>
    /// <param name="timer">Runs since the transfer began.</param>
    /// <returns>The headers of the answer, or the reason why there are none.</returns>
    public static async ValueTask<HttpTransfer> GetAsync(HttpClient client, string url, string? entityTag, TransferLimits limits, TransferTimer timer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (entityTag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", entityTag);
        return await SendAsync(client, request, limits, timer).ConfigureAwait(false);
    }

    /// <summary>Sends bytes to a resource.</summary>
    /// <param name="client">The client. Its handler follows no redirects and decompresses nothing.</param>
    /// <param name="url">The resource.</param>
    /// <param name="body">The bytes, sent as <c>application/octet-stream</c>. They are part of what <see cref="TransferLimits.HeadersTimeout"/> covers.</param>
    /// <param name="limits">What it may cost.</param>
    /// <param name="timer">Runs since the transfer began.</param>
    /// <returns>The headers of the answer, or the reason why there are none.</returns>
    public static async ValueTask<HttpTransfer> PostAsync(HttpClient client, string url, ReadOnlyMemory<byte> body, TransferLimits limits, TransferTimer timer)
    {
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = content };
        return await SendAsync(client, request, limits, timer).ConfigureAwait(false);
    }

    /// <summary>Opens the body, once.</summary>
    /// <param name="limits">What it may cost.</param>
    /// <returns>The body, to be disposed of with the transfer; or <see langword="null"/> with the reason in <see cref="Fault"/>.</returns>
    public async ValueTask<TransferBody?> OpenBodyAsync(TransferLimits limits)
    {
        var content = _response?.Content ?? throw new InvalidOperationException("There is no answer whose body could be opened.");
        if (!TryGetCompression(content.Headers, out var isCompressed))
        {
            Fault = TransferFault.UnwantedEncoding;
            return null;
        }

        var stream = await content.ReadAsStreamAsync(CancellationToken.None).ConfigureAwait(false);
        return _body = new TransferBody(stream, isCompressed, limits, _timer);
    }

    /// <summary>Drops the connection where the answer was not read to its end.</summary>
    public void Dispose()
    {
        _body?.Dispose();
        _response?.Dispose();
    }

    private static async ValueTask<HttpTransfer> SendAsync(HttpClient client, HttpRequestMessage request, TransferLimits limits, TransferTimer timer)
    {
        // A brotli decoder's window alone may take 16 MiB for every peer; gzip stays under one.
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        timer.Arm(limits.HeadersTimeout, TransferFault.HeadersTimeout);
        try
        {
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timer.Token).ConfigureAwait(false);
            return new HttpTransfer(response, null, timer);
        }
        catch (Exception exception) when (TransferFault.From(exception, timer) is { } fault)
        {
            timer.ThrowIfCancelledByCaller();
            return new HttpTransfer(null, fault, timer);
        }
        finally
        {
            timer.Disarm();
        }
    }

    private static bool TryGetCompression(HttpContentHeaders headers, out bool isCompressed)
    {
        isCompressed = false;
        if (!headers.NonValidated.TryGetValues("Content-Encoding", out var values))
            return true;
        var encoding = values.ToString();
        isCompressed = encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase) || encoding.Equals("x-gzip", StringComparison.OrdinalIgnoreCase);
        return isCompressed || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase);
    }
}
