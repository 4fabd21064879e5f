using System.Text;
using System.Text.Json.Nodes;
using Koii.DbSharing;

namespace ThreeNodes;

/// <summary>
/// Who writes what, and what must be left of it. What must be left is worked out here, on its own, so that a fault of
/// the library shows: of Alice the newer edition, of Bob's two at the same millisecond the one with the greater record
/// id, of Mallory nothing.
/// </summary>
internal sealed class Scenario
{
    private readonly SignedLinktree _older;
    private readonly SignedLinktree _newer;
    private readonly SignedLinktree _tea;
    private readonly SignedLinktree _coffee;
    private readonly SignedLinktree _carols;
    private readonly SignedLinktree _forged;
    private readonly Dictionary<PublicKey, string> _names = [];

    public Scenario(DateTimeOffset now)
    {
        var alice = Author("Alice", 1);
        var bob = Author("Bob", 2);
        var carol = Author("Carol", 3);
        var mallory = Author("Mallory", 4);

        _older = alice.Sign(Profile("alice", "first edition", now.AddMinutes(-3)));
        _newer = alice.Sign(Profile("alice", "second edition", now.AddMinutes(-1)));
        _tea = bob.Sign(Profile("bob", "tea", now.AddMinutes(-2)));
        _coffee = bob.Sign(Profile("bob", "coffee", now.AddMinutes(-2)));
        _carols = carol.Sign(Profile("carol", "Zoë 🚀 日本", now.AddMinutes(-2)));

        // Alice's key over Mallory's signature, and newer than all of Alice's own.
        var lie = mallory.Sign(Profile("alice", "send me money", now));
        if (!SignedLinktree.TryCreate(alice.PublicKey, lie.Signature, lie.Data.Span, out _forged!, out var reason))
            throw new InvalidOperationException($"The forgery is not even a record: {reason}.");
    }

    public async Task SubmitAsync(Network network, View view)
    {
        var (accra, berlin, cusco) = (network.Nodes[0], network.Nodes[1], network.Nodes[2]);
        foreach (var (node, linktree) in new[] { (accra, _newer), (berlin, _older), (accra, _tea), (cusco, _coffee), (cusco, _carols) })
            view.Submitted(node, Describe(linktree), await node.PostAsync(linktree));
        view.Submitted(berlin, Describe(_forged), await berlin.PostAsync(_forged));
        network.LetStrangerServe(_forged);
    }

    public string Describe(SignedLinktree linktree) =>
        $"{_names[linktree.Author]}: {JsonNode.Parse(linktree.Data.Span)!["linktree"]!["name"]}{(linktree.Equals(_forged) ? " (forged)" : "")}";

    /// <summary>Every way in which the nodes are not as they must be; none when all is well.</summary>
    public async Task<IReadOnlyList<string>> FindFaultsAsync(Network network)
    {
        var ofBob = string.CompareOrdinal(_tea.Id.ToString(), _coffee.Id.ToString()) > 0 ? _tea : _coffee;
        var expected = new[] { _newer, ofBob, _carols };
        var faults = new List<string>();
        foreach (var node in network.Nodes)
        {
            var held = await node.ListAsync();
            faults.AddRange(expected.Except(held).Select(missing => $"{node.Name} lacks {Describe(missing)}"));
            faults.AddRange(held.Except(expected).Select(wrong => $"{node.Name} holds {Describe(wrong)}"));
        }

        if (!await network.AgreesAsync())
            faults.Add("the fingerprints differ");
        return faults;
    }

    private static byte[] Profile(string uuid, string name, DateTimeOffset at) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["uuid"] = uuid,
        ["linktree"] = new JsonObject { ["name"] = name, ["links"] = new JsonArray() },
        ["timestamp"] = at.ToUnixTimeMilliseconds(),
    }.ToJsonString());

    private LinktreeSigner Author(string name, byte number)
    {
        var seed = new byte[32];
        seed.AsSpan().Fill(number);
        var signer = LinktreeSigner.FromSeed(seed);
        _names[signer.PublicKey] = name;
        return signer;
    }
}
