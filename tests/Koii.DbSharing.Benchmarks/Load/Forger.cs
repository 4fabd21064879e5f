using System.Text;

namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>Posts records with signatures of other records, as fast as it can.</summary>
internal sealed class Forger(HttpClient http, string address, int number) : ILoadClient
{
    internal StatusCounts Statuses { get; } = new();

    public async Task RunAsync(CancellationToken end)
    {
        using var author = LinktreeSigner.FromSeed(Enumerable.Repeat((byte)(number + 1), 32).ToArray());
        var signature = author.Sign(Data(0)).Signature;
        for (var post = 1; ; post++)
        {
            if (!SignedLinktree.TryCreate(author.PublicKey, signature, Data(post), out var forged, out var reason))
                throw new InvalidOperationException($"Not a record: {reason}.");
            Statuses.Add(await Posting.SendAsync(http, address, HttpMethod.Post, Posting.Path, Posting.Body(forged), end));
        }
    }

    private static byte[] Data(int post) => Encoding.UTF8.GetBytes($$"""{"uuid":"forged","timestamp":{{1_700_000_000_000 + post}}}""");
}
