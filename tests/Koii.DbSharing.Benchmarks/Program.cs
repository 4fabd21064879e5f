using BenchmarkDotNet.Running;
using Koii.DbSharing.Benchmarks;
using Koii.DbSharing.Benchmarks.Compare;
using Koii.DbSharing.Benchmarks.Delay;
using Koii.DbSharing.Benchmarks.Hostile;
using Koii.DbSharing.Benchmarks.Load;
using Koii.DbSharing.Benchmarks.Negentropy;
using Koii.DbSharing.Benchmarks.Pull;
using Koii.DbSharing.Benchmarks.Stores;
using Koii.DbSharing.Benchmarks.Sync;
using Koii.DbSharing.Benchmarks.Verify;

// The measured process must load nothing that a node would not: each verb is a class of its own, and only the last branch touches BenchmarkDotNet.
switch (args)
{
    case [PullCommand.Verb, .. var counts]:
        return await PullCommand.RunAsync(counts);
    case [ServeCommand.Verb, var count]:
        return await ServeCommand.RunAsync(count, addresses: 1);
    case [ServeCommand.Verb, var count, var addresses]:
        return await ServeCommand.RunAsync(count, int.Parse(addresses, System.Globalization.CultureInfo.InvariantCulture));
    case [MeasureCommand.Verb, var count, var url]:
        return await MeasureCommand.RunAsync(count, url);
    case [LoadCommand.Verb, .. var arguments]:
        return await LoadCommand.RunAsync(arguments);
    case [VerifyCommand.Verb, .. var arguments]:
        return await VerifyCommand.RunAsync(arguments);
    case [StoresCommand.Verb, .. var arguments]:
        return await StoresCommand.RunAsync(arguments);
    case [ExtremesCommand.Verb, var count]:
        return await ExtremesCommand.RunAsync(count);
    case [SyncCommand.Verb, .. var counts]:
        return await SyncCommand.RunAsync(counts);
    case [InSyncCommand.Verb, var count]:
        return await InSyncCommand.RunAsync(count);
    case [CompareCommand.Verb, .. var arguments]:
        return await CompareCommand.RunAsync(arguments);
    case [ShareCommand.Verb, var count, var state, .. var urls]:
        return await ShareCommand.RunAsync(count, state, urls);
    case [HostileCommand.Verb, .. var arguments]:
        return await HostileCommand.RunAsync(arguments);
    case [OutageCommand.Verb, .. var arguments]:
        return await OutageCommand.RunAsync(arguments);
    case [SlowPeersCommand.Verb, .. var arguments]:
        return await SlowPeersCommand.RunAsync(arguments);
    case [StdioCommand.Verb]:
        return StdioCommand.Run();
    default:
        return Micro.Run(args);
}

internal static class Micro
{
    internal static int Run(string[] args)
    {
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(Micro).Assembly).Run(args, ShortInProcess.Config);
        return summaries.Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
    }
}
