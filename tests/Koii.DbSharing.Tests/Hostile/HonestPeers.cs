using Koii.DbSharing.Tests.Http;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>Three that tell the truth, each in its own way: by <c>/all</c>, by the extension or else <c>/all</c>, and by <c>/list</c>, compressed.</summary>
internal sealed class HonestPeers : IAsyncDisposable
{
    private readonly LoopbackPeer[] _peers;

    /// <summary>Starts them.</summary>
    /// <param name="lists">What the first and the last answer.</param>
    /// <param name="extended">What the second is.</param>
    /// <param name="mayAnswer">None of them answers before this is completed.</param>
    public HonestPeers((string All, string List) lists, ExtendedHost extended, Task mayAnswer)
    {
        _peers =
        [
            LoopbackPeer.Start(exchange => PlainAsync(exchange, "all", Answers.Json(lists.All))),
            LoopbackPeer.Start(async exchange =>
            {
                await mayAnswer;
                await extended.AnswerAsync(exchange);
            }),
            LoopbackPeer.Start(exchange => PlainAsync(exchange, "list", Answers.Gzipped(Answers.Gzip(lists.List)))),
        ];

        async Task PlainAsync(LoopbackExchange exchange, string call, byte[] answer)
        {
            await mayAnswer;
            await exchange.WriteAsync(ExtendedHost.CallOf(exchange.Request.Path) == call ? answer : Answers.Status("404 Not Found"));
        }
    }

    public IReadOnlyList<NodeAddress> Addresses => [.. _peers.Select(peer => peer.Address)];

    public async ValueTask DisposeAsync()
    {
        foreach (var peer in _peers)
            await peer.DisposeAsync();
    }
}
