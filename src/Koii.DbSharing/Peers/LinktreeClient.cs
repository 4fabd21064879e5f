using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Koii.DbSharing;

/// <summary>Posts signed records to nodes, for authors whose application runs no node.</summary>
/// <remarks>
/// <para>What a node causes is a <see cref="SubmissionResult"/>, never an exception. A node of this library or of the JavaScript
/// network takes the record and passes it on to the others. Nothing is retried.</para>
/// <para>All members may be used by many threads at once.</para>
/// </remarks>
/// <param name="client">
/// The HTTP client of the application, with the timeout and headers that it needs. It is not disposed.
/// </param>
/// <param name="taskId">The id of the task, as in <see cref="DbSharingOptions.TaskId"/>.</param>
/// <param name="resourceName">The shared resource, as in <see cref="DbSharingOptions.ResourceName"/>.</param>
public sealed class LinktreeClient(HttpClient client, string taskId, string resourceName = "linktree")
{
    private const string Registered = "Proof and linktree registered successfully";

    // An answer of the protocol has less than 1 KiB.
    private const int MaxAnswerBytes = 16 * 1024;

    private const int MaxDetailLength = 1000;

    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    private readonly HttpClient _client = client ?? throw new ArgumentNullException(nameof(client));
    private readonly string _path = CreatePath(taskId, resourceName);

    /// <summary>Posts a record to a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="linktree">The record, which its author has signed (<see cref="LinktreeSigner"/>).</param>
    /// <param name="cancellationToken">Cancels the wait; the record may then be stored or not.</param>
    /// <returns>What the node answered.</returns>
    public async Task<SubmissionResult> SubmitAsync(NodeAddress node, SignedLinktree linktree, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(node);
        ArgumentNullException.ThrowIfNull(linktree);
        var body = new ArrayBufferWriter<byte>();
        LinktreeWriter.WriteSubmission(body, linktree);
        using var request = new HttpRequestMessage(HttpMethod.Post, node.Url + _path) { Content = new ReadOnlyMemoryContent(body.WrittenMemory) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            return await ReadAsync(response, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            return new SubmissionResult(SubmissionStatus.Unreachable) { Detail = exception.Message };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new SubmissionResult(SubmissionStatus.Unreachable) { Detail = "The node did not answer within the timeout of the HTTP client." };
        }
    }

    private static string CreatePath(string taskId, string resourceName)
    {
        ArgumentException.ThrowIfNullOrEmpty(taskId);
        ArgumentException.ThrowIfNullOrEmpty(resourceName);
        return $"/task/{Uri.EscapeDataString(taskId)}/{Uri.EscapeDataString(resourceName)}";
    }

    private static async Task<SubmissionResult> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var statusCode = (int)response.StatusCode;
        var (message, error) = ReadTexts(await ReadBodyAsync(response.Content, cancellationToken).ConfigureAwait(false));
        var status = statusCode switch
        {
            // JavaScript nodes answer some failures with 200 and another message.
            200 => message == Registered ? SubmissionStatus.Stored : SubmissionStatus.Unexpected,
            409 => SubmissionStatus.Superseded,
            400 or 413 or 415 => SubmissionStatus.Rejected,
            507 => SubmissionStatus.Full,
            408 or 429 or 503 => SubmissionStatus.Busy,
            _ => SubmissionStatus.Unexpected,
        };
        var detail = error ?? message;
        return new SubmissionResult(status)
        {
            StatusCode = statusCode,
            Detail = detail?.Length > MaxDetailLength ? detail[..MaxDetailLength] : detail,
            RetryAfter = response.Headers.RetryAfter?.Delta is { } delay ? TimeSpan.FromTicks(Math.Min(delay.Ticks, MaxRetryAfter.Ticks)) : null,
        };
    }

    /// <summary>Reads the answer, or the part of it that fits.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContent content, CancellationToken cancellationToken)
    {
        using var body = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        var answer = new byte[MaxAnswerBytes];
        var length = await body.ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        return answer.AsMemory(0, length);
    }

    private static (string? Message, string? Error) ReadTexts(ReadOnlyMemory<byte> answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return json.RootElement.ValueKind == JsonValueKind.Object ? (ReadText(json.RootElement, "message"u8), ReadText(json.RootElement, "error"u8)) : default;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return default; // Not JSON, or a text with an unpaired surrogate.
        }
    }

    private static string? ReadText(JsonElement answer, ReadOnlySpan<byte> name) =>
        answer.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
