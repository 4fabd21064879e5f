using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>PouchDB, from LevelDB to LevelDB in one process: see <c>pouchdb.js</c>.</summary>
internal sealed class PouchDbContender(NodeJs nodeJs) : Contender
{
    internal const string Package = "pouchdb";

    private int _started;

    internal override string Name => "PouchDB";

    internal override int Rounds => 20;

    internal override int ChangeRounds => 40;

    internal override async Task<Network> StartAsync(RecordFiles files, int count, int peers, string state)
    {
        var folder = nodeJs.Folder.CreateSubdirectory(string.Create(CultureInfo.InvariantCulture, $"pouchdb-{_started++}"));
        var process = nodeJs.Start("pouchdb.js", folder.FullName, files.List(count), peers.ToString(CultureInfo.InvariantCulture), state);
        await process.ReadLineAsync();
        return new Network(process, process, url: null);
    }
}
