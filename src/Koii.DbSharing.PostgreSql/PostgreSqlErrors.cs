using System.Net.Sockets;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>Says what a driver's exception means: for whoever runs the node, and for whether the call is worth another attempt.</summary>
internal static class PostgreSqlErrors
{
    private const string IdleSessionTimeout = "57P05";

    /// <summary>Whether the same call may succeed by itself, and soon: nothing has been waited for yet.</summary>
    internal static bool IsWorthAnotherAttempt(NpgsqlException exception) => exception switch
    {
        PostgresException { SqlState: var state } => IsPassing(state),
        { InnerException: TimeoutException } => false,
        _ => IsLostConnection(exception),
    };

    /// <summary>Whether what was found when the database was opened may no longer be so: something of it is gone, or the server goes away.</summary>
    internal static bool MayHaveChanged(PostgresException answer) => IsLacking(answer.SqlState) || answer.SqlState.StartsWith("57P", StringComparison.Ordinal);

    internal static LinktreeStoreException Explain(NpgsqlException exception)
    {
        var (message, isTransient) = exception is PostgresException answer ? Explain(answer) : ExplainConnection(exception);
        return new LinktreeStoreException(message, exception) { IsTransient = isTransient };
    }

    private static (string Message, bool IsTransient) Explain(PostgresException answer) => answer.SqlState switch
    {
        PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable =>
            ($"The database was too busy with other writers: {answer.MessageText}. The call can be made again.", true),
        PostgresErrorCodes.TooManyConnections =>
            ("The database has no connection to spare: raise its max_connections, or give each process a smaller Maximum Pool Size. The call can be made again.", true),
        PostgresErrorCodes.QueryCanceled => ($"The database ended the statement: {answer.MessageText}. Is statement_timeout too short, or the database overloaded?", true),
        var state when IsPassing(state) => ($"The database is not available: {answer.MessageText}. The call can be made again when it is.", true),

        PostgresErrorCodes.DiskFull => ("The disk of the database is full. Free some space; what did not fit was not stored, not even in part.", false),
        PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.InsufficientResources =>
            ($"The database has run out of memory: {answer.MessageText}. Nothing was stored.", false),
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            ("The database is read-only. Is it a standby? The node must write: name the primary, or add \"Target Session Attributes=primary\".", false),
        PostgresErrorCodes.InsufficientPrivilege =>
            ($"The role lacks a right: {answer.MessageText}. It needs to create the schema koii_dbsharing, or to own one that an administrator has created.", false),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            ($"The database does not let this node in: {answer.MessageText}.", false),
        PostgresErrorCodes.InvalidCatalogName => ($"There is no such database: {answer.MessageText}. Create it; the node makes its own schema in it.", false),
        var state when IsLacking(state) =>
            ($"The schema koii_dbsharing was changed by something else: {answer.MessageText}. The next call makes what is missing, where it can.", true),
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted =>
            ($"The database is damaged: {answer.MessageText}. Restore a backup, or drop the schema koii_dbsharing and let the node's peers fill it again.", false),
        _ => ($"The database could not do its work: {answer.SqlState}: {answer.MessageText}.", false),
    };

    private static (string Message, bool IsTransient) ExplainConnection(NpgsqlException exception) => exception switch
    {
        { InnerException: TimeoutException } => ($"The database did not answer in time ({exception.Message}). The call can be made again.", true),
        { InnerException: SocketException or IOException } =>
            ($"The database cannot be reached, or the connection to it was lost ({exception.Message}: {exception.InnerException.Message}). The call can be made again.", true),
        _ => ($"The database could not do its work: {exception.Message}", false),
    };

    private static bool IsLostConnection(NpgsqlException exception) => exception.InnerException is SocketException or IOException;

    private static bool IsPassing(string state) => state
        is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.TooManyConnections
        or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow or IdleSessionTimeout
        || state.StartsWith("08", StringComparison.Ordinal);

    private static bool IsLacking(string state) => state
        is PostgresErrorCodes.NoDataFound or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction;
}
