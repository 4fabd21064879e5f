namespace Koii.DbSharing.Replication;

/// <summary>What a role threw against its contract.</summary>
/// <param name="Role">The name of its interface.</param>
/// <param name="Exception">What it threw.</param>
internal sealed record RoleFault(string Role, Exception Exception);
