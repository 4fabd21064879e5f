namespace Koii.DbSharing.Storage;

/// <summary>PROVISIONAL.</summary>
public sealed class InMemoryLinktreeStore
{
}
