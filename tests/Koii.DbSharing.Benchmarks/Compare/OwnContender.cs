using System.Globalization;
using Koii.DbSharing.Benchmarks.Pull;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>This library: nodes with records in memory serve, a node with SQLite pulls.</summary>
internal sealed class OwnContender : Contender
{
    internal override string Name => "Koii.DbSharing";

    internal override int Rounds => 200;

    internal override int ChangeRounds => 40;

    internal override async Task<Network> StartAsync(RecordFiles files, int count, int peers, string state)
    {
        var countText = count.ToString(CultureInfo.InvariantCulture);
        var server = LineProcess.StartOwn(ServeCommand.Verb, countText, peers.ToString(CultureInfo.InvariantCulture));
        var urls = (await server.ReadLineAsync()).Split(' ');
        var node = LineProcess.StartOwn([ShareCommand.Verb, countText, state, .. urls]);
        await node.ReadLineAsync();
        return new Network(server, node, urls[0]);
    }
}
