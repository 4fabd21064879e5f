namespace Koii.DbSharing.Benchmarks.Stores;

/// <summary>A kind of database, and the data of our store and of its driver, apart but on the same disk.</summary>
internal interface IArena : IAsyncDisposable
{
    /// <summary>Its name in the table.</summary>
    string Name { get; }

    /// <summary>Which version of what is measured, or <see langword="null"/> where nothing is but our own code.</summary>
    string? Description { get; }

    /// <summary>Lets go of what was stored before.</summary>
    Task ClearAsync();

    /// <summary>Opens the data of our store.</summary>
    Task<IContestant> OpenOwnAsync();

    /// <summary>Opens other data, in tables that our store has made, by the driver alone; <see langword="null"/> where there is no driver.</summary>
    Task<IContestant?> OpenBareAsync(bool toWrite);
}
