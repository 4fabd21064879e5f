namespace Koii.DbSharing.Sqlite;

/// <summary>A record of a list without its data.</summary>
internal readonly record struct ListedRow(long Row, LinktreeVersion Version, PublicKey Author, LinktreeSignature Signature, long Size)
{
    /// <summary>Copies columns that are intact.</summary>
    internal static ListedRow From(in LinktreeColumns columns) =>
        new(columns.Row, columns.Version, columns.Author, columns.Signature, columns.Size);
}
