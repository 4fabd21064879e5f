namespace Koii.DbSharing.Sqlite;

/// <summary>Where a record lies and which version it is.</summary>
internal readonly record struct LinktreeRow(long Row, LinktreeVersion Version);
