namespace Koii.DbSharing.Storage;

/// <summary>How much a store may have (protocol §1.9).</summary>
/// <remarks>
/// For authors of stores. The last twentieth of each bound is for records of identities that are stored, so that authors
/// can edit and delete when the store takes nothing new.
/// </remarks>
/// <param name="MaxRecords">The maximum number of records (<see cref="DbSharingOptions.MaxRecords"/>).</param>
/// <param name="MaxBytes">The maximum number of bytes of their data (<see cref="DbSharingOptions.MaxBytes"/>).</param>
public readonly record struct StoreBounds(long MaxRecords, long MaxBytes)
{
    /// <summary>The least maximum number of bytes: 1 MiB.</summary>
    public const long MinMaxBytes = 1024 * 1024;

    /// <summary>Gets the bounds of a task.</summary>
    /// <param name="options">The settings of the task.</param>
    /// <returns>The bounds.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A bound is less than its minimum.</exception>
    public static StoreBounds From(DbSharingOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxRecords, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxBytes, MinMaxBytes);
        return new StoreBounds(options.MaxRecords, options.MaxBytes);
    }

    /// <summary>Decides whether a record may change the size of the store.</summary>
    /// <param name="before">The size without the record.</param>
    /// <param name="after">The size with the record, and without what is removed for it.</param>
    /// <param name="isHeld">Whether the store has a record of its identity.</param>
    /// <returns>
    /// <see langword="true"/> if the size is within the bounds or does not grow. A store whose bounds were lowered may be
    /// beyond them.
    /// </returns>
    public bool Allow(StoreSize before, StoreSize after, bool isHeld) =>
        (after.Records <= before.Records || after.Records <= Reserve(MaxRecords, isHeld))
        && (after.Bytes <= before.Bytes || after.Bytes <= Reserve(MaxBytes, isHeld));

    private static long Reserve(long bound, bool isHeld) => isHeld ? bound : bound - (bound / 20);
}
