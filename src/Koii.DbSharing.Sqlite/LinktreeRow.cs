namespace Koii.DbSharing.Sqlite;

/// <summary>A stored record: its row, its version and the size of its data.</summary>
internal readonly record struct LinktreeRow(long Row, LinktreeVersion Version, long Size)
{
    /// <summary>Copies columns that are intact.</summary>
    internal static LinktreeRow From(in LinktreeColumns columns) => new(columns.Row, columns.Version, columns.Size);
}
