namespace Koii.DbSharing.PostgreSql;

/// <summary>A task that has been found or registered, and trimmed.</summary>
/// <param name="Number">Leads the keys of its rows.</param>
/// <param name="Feed">Leads the positions in its feed.</param>
internal sealed record TaskRow(int Number, string Feed);
