using System.IO.Pipelines;
using Koii.DbSharing.Tests.Replication;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>An honest node with the extension.</summary>
internal sealed class ExtendedHost(params IEnumerable<SignedLinktree> holds)
{
    private readonly Node _node = new();
    private LinktreeResponder? _responder;

    /// <summary>The call that a request makes: <c>summary</c>, <c>reconcile</c>, <c>fetch</c>, <c>all</c>.</summary>
    public static string CallOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    public async Task AnswerAsync(LoopbackExchange exchange)
    {
        if (_responder is null)
        {
            await _node.Store.PutAsync([.. holds]);
            _responder = new LinktreeResponder(_node.Engine);
        }

        var body = exchange.Request.Body;
        await exchange.WriteAsync(CallOf(exchange.Request.Path) switch
        {
            "summary" => await WrittenAsync(output => _responder.WriteSummaryAsync(output)),
            "reconcile" => Binary(await _responder.ReconcileAsync(body) ?? throw new InvalidOperationException("The request is not a message.")),
            "fetch" => await WrittenAsync(output => _responder.WriteRecordsAsync(output, [.. body.Chunk(LinktreeId.Size).Select(id => new LinktreeId(id))])),
            "all" => await WrittenAsync(output => _responder.WriteListAsync(output, ListForm.KeyedByPublicKey)),
            _ => Answers.Status("404 Not Found"),
        });
    }

    public static byte[] Binary(byte[] body) => Answers.Raw("200 OK", body, "Content-Type: application/octet-stream\r\n");

    private static async Task<byte[]> WrittenAsync(Func<PipeWriter, Task> write)
    {
        using var body = new MemoryStream();
        await write(PipeWriter.Create(body));
        return Answers.Raw("200 OK", body.ToArray(), "Content-Type: application/json\r\n");
    }
}
