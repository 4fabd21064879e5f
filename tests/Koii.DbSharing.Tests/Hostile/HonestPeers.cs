using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>Three honest peers: one with <c>/all</c>, one with the extension and <c>/all</c>, and one with <c>/list</c>, compressed.</summary>
internal sealed class HonestPeers : IAsyncDisposable
{
    private readonly LoopbackPeer[] _peers;

    /// <summary>Starts them.</summary>
    /// <param name="lists">The lists of the first and the last.</param>
    /// <param name="extended">The second.</param>
    /// <param name="mayAnswer">No peer responds before this is completed.</param>
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

    /// <summary>Completes when each peer has received the request that it answers with a list, all of them without the extension.</summary>
    public Task WhenListsAreRequestedAsync() =>
        Task.WhenAll(_peers[0].WhenRequestedAsync("/all"), _peers[1].WhenRequestedAsync("/all"), _peers[2].WhenRequestedAsync("/list"));

    public IReadOnlyList<NodeAddress> Addresses => [.. _peers.Select(peer => peer.Address)];

    public async ValueTask DisposeAsync()
    {
        foreach (var peer in _peers)
            await peer.DisposeAsync();
    }
}
