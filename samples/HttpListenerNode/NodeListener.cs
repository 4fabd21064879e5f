using System.IO.Pipelines;
using System.Net;
using Koii.DbSharing;

namespace HttpListenerNode;

/// <summary>Answers the requests of peers and authors (protocol §3) from an <see cref="HttpListener"/>.</summary>
internal sealed class NodeListener(HttpListener listener, LinktreeResponder responder, DbSharingOptions options)
{
    private readonly string _basePath = $"/task/{options.TaskId}/{options.ResourceName}";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var stop = cancellationToken.Register(listener.Stop);
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception stopped) when (stopped is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            _ = AnswerAsync(context, cancellationToken);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context, CancellationToken cancellationToken)
    {
        var (request, response) = (context.Request, context.Response);
        try
        {
            var path = request.Url!.AbsolutePath;
            if (path == "/")
            {
                // JavaScript nodes probe a peer by its root.
                response.Close();
                return;
            }

            var call = path.StartsWith(_basePath, StringComparison.Ordinal) ? $"{request.HttpMethod} {path[_basePath.Length..]}" : "";
            response.ContentType = "application/json";
            switch (call)
            {
                case "GET /all":
                case "GET /list":
                    var form = call is "GET /all" ? ListForm.KeyedByPublicKey : ListForm.Bare;
                    var list = await responder.OpenListAsync(form, cancellationToken);
                    response.Headers["ETag"] = list.EntityTag;
                    if (request.Headers["If-None-Match"] == list.EntityTag)
                        response.StatusCode = (int)HttpStatusCode.NotModified;
                    else
                        await WriteAsync(output => list.WriteAsync(output, cancellationToken));
                    break;
                case "GET /summary":
                    await WriteAsync(output => responder.WriteSummaryAsync(output, cancellationToken));
                    break;
                case "POST /reconcile" when await ReadAsync(LinktreeResponder.MaxMessageBytes) is { } message:
                    response.ContentType = "application/octet-stream";
                    if (await responder.ReconcileAsync(message, cancellationToken) is { } answer)
                        await response.OutputStream.WriteAsync(answer, cancellationToken);
                    else
                        response.StatusCode = (int)HttpStatusCode.BadRequest;
                    break;
                case "POST /fetch" when await ReadAsync(LinktreeResponder.MaxFetchedIds * LinktreeId.Size) is { } bytes && bytes.Length % LinktreeId.Size == 0:
                    LinktreeId[] ids = [.. bytes.Chunk(LinktreeId.Size).Select(id => new LinktreeId(id))];
                    await WriteAsync(output => responder.WriteRecordsAsync(output, ids, cancellationToken));
                    break;
                case "POST " or "PUT " when await ReadAsync(LinktreeResponder.MaxSubmissionBytes) is { } submission:
                    var verdict = await responder.SubmitAsync(submission, cancellationToken);
                    response.StatusCode = (int)(verdict.Kind switch
                    {
                        VerdictKind.Inserted or VerdictKind.Replaced or VerdictKind.Unchanged => HttpStatusCode.OK,
                        VerdictKind.Superseded => HttpStatusCode.Conflict,
                        _ => HttpStatusCode.BadRequest,
                    });
                    break;
                default:
                    var isInvalid = call is "POST /reconcile" or "POST /fetch" or "POST " or "PUT ";
                    response.StatusCode = (int)(isInvalid ? HttpStatusCode.BadRequest : HttpStatusCode.NotFound);
                    break;
            }

            response.Close();
        }
        catch (Exception failure)
        {
            // A client that left, or a store that failed: the response is cut, and the listener goes on.
            Console.Error.WriteLine($"{request.HttpMethod} {request.Url}: {failure.Message}");
            response.Abort();
        }

        Task WriteAsync(Func<PipeWriter, Task> write) =>
            write(PipeWriter.Create(response.OutputStream, new StreamPipeWriterOptions(leaveOpen: true)));

        async Task<byte[]?> ReadAsync(int maxBytes)
        {
            var body = new byte[maxBytes + 1];
            var length = await request.InputStream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, cancellationToken);
            return length > maxBytes ? null : body[..length];
        }
    }
}
