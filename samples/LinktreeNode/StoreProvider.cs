namespace LinktreeNode;

/// <summary>Where the node keeps its linktrees.</summary>
internal enum StoreProvider
{
    Sqlite,
    PostgreSql,
    InMemory,
}
