using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>The data sharing that the task documentation describes, in JavaScript: see <c>original-puller.js</c>.</summary>
internal sealed class OriginalContender(NodeJs nodeJs, int maxRecords) : Contender
{
    internal const string Tweetnacl = "tweetnacl";
    internal const string Bs58 = "bs58";
    internal const string NeDB = "@seald-io/nedb";

    private int _started;

    internal override string Name => "original";

    // Nothing in a round depends on the rounds before, and one takes long.
    internal override int Rounds => 1;

    internal override int ChangeRounds => 1;

    internal override int MaxRecords => maxRecords;

    internal override async Task<Network> StartAsync(RecordFiles files, int count, int peers, string state)
    {
        var list = files.List(count);
        var server = nodeJs.Start("original-server.js", list, peers.ToString(CultureInfo.InvariantCulture));
        var url = (await server.ReadLineAsync()).Split(' ')[0];
        var database = nodeJs.PathTo(string.Create(CultureInfo.InvariantCulture, $"original-{_started++}.db"));
        var node = nodeJs.Start(["original-puller.js", url, database, .. state == Held ? [list] : Array.Empty<string>()]);
        await node.ReadLineAsync();
        return new Network(server, node, url);
    }
}
