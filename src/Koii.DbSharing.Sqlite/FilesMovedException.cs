namespace Koii.DbSharing.Sqlite;

/// <summary>
/// The open database, or a file that belongs to it, is not at its path any more. The transaction was not committed.
/// <see cref="SqliteErrors"/> explains it to the caller of the store.
/// </summary>
internal sealed class FilesMovedException : Exception;
