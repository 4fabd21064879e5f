namespace Koii.DbSharing.Benchmarks.Load;

/// <summary>One of those who load the node.</summary>
internal interface ILoadClient
{
    /// <summary>Goes on until the time is over.</summary>
    Task RunAsync(CancellationToken end);
}
