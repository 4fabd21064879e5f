namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>
/// <c>compare</c>: prints one table, from one run, of the cost to replicate the same signed records with this library, with the data sharing of the
/// task documentation, and with PouchDB.
/// </summary>
internal static class CompareCommand
{
    internal const string Verb = "compare";

    private static readonly string[] Packages =
        [$"{OriginalContender.Tweetnacl}@1", $"{OriginalContender.Bs58}@5", $"{OriginalContender.NeDB}@4", $"{PouchDbContender.Package}@9"];

    internal static async Task<int> RunAsync(IReadOnlyList<string> texts)
    {
        if (CompareArguments.TryParse(texts) is not { } arguments)
        {
            Console.Error.WriteLine(CompareArguments.Usage);
            return 1;
        }

        using var nodeJs = new NodeJs();
        var version = await nodeJs.TryRunAsync("node", ["--version"], input: "");
        if (version is null || await nodeJs.TryRunAsync("npm", ["--version"], input: "") is null)
        {
            Console.Error.WriteLine("The comparison needs Node.js 18 or later and npm on the PATH. On Debian: apt-get install nodejs npm");
            return 1;
        }

        if (!await nodeJs.TryInstallAsync(Packages))
        {
            Console.Error.WriteLine($"npm could not install {string.Join(", ", Packages)}. Check that it reaches a registry.");
            return 1;
        }

        foreach (var script in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Compare"), "*.js"))
            File.Copy(script, nodeJs.PathTo(Path.GetFileName(script)));

        var files = new RecordFiles(nodeJs.Folder, arguments.MaxCount);
        Contender[] contenders = [new OriginalContender(nodeJs, arguments.OriginalLimit), new PouchDbContender(nodeJs), new OwnContender()];
        var rows = new List<CompareRow>();
        foreach (var scenario in new Scenarios(arguments, files).All)
        {
            foreach (var contender in contenders)
            {
                Console.WriteLine($"{scenario.Title}: {contender.Name}");
                var outcome = await RunAsync(scenario, contender);
                if (outcome.Failure is not null)
                    Console.Error.WriteLine($"{scenario.Title}: {contender.Name}: {outcome.Failure}");
                rows.Add(new CompareRow(scenario, contender.Name, outcome));
            }
        }

        var table = new CompareTable(rows, own: contenders[^1].Name, Conditions(nodeJs, version.Trim()));
        table.Print();
        if (arguments.Markdown is { } markdown)
            await File.WriteAllTextAsync(markdown, table.ToMarkdown());
        if (arguments.Chart is { } chart)
            await File.WriteAllTextAsync(chart, ColdPullChart.ToSvg(rows, own: contenders[^1].Name));
        return rows.All(row => row.Outcome.Failure is null) ? 0 : 1;
    }

    private static async Task<Outcome> RunAsync(Scenario scenario, Contender contender)
    {
        if (scenario.RecordsRead > contender.MaxRecords)
            return new Outcome(null, "not run");
        try
        {
            return await scenario.RunAsync(contender);
        }
        catch (Exception exception) when (exception is InvalidOperationException or IOException or HttpRequestException)
        {
            return new Outcome(null, "failed", exception.Message);
        }
    }

    private static string Conditions(NodeJs nodeJs, string version) =>
        $"Node.js {version}; "
        + $"original: tweetnacl {nodeJs.VersionOf(OriginalContender.Tweetnacl)}, bs58 {nodeJs.VersionOf(OriginalContender.Bs58)}, "
        + $"NeDB ({OriginalContender.NeDB}) {nodeJs.VersionOf(OriginalContender.NeDB)}; "
        + $"PouchDB {nodeJs.VersionOf(PouchDbContender.Package)} on LevelDB.";
}
