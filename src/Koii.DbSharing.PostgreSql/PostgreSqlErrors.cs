using System.Net.Sockets;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Translates the driver's exceptions into messages for the operator of a node, and decides which calls are retried.
/// </summary>
internal static class PostgreSqlErrors
{
    internal const string WhatToDoWithDamage = "Restore a backup, or drop the schema koii_dbsharing and let the node's peers fill it again.";

    private const string IdleSessionTimeout = "57P05";

    /// <summary>
    /// Whether the same call may succeed soon. A time-out is not retried: the caller has waited for it already.
    /// </summary>
    internal static bool IsWorthAnotherAttempt(NpgsqlException exception) => exception switch
    {
        PostgresException { SqlState: var state } => IsTemporary(state),
        { InnerException: TimeoutException } => false,
        _ => IsLostConnection(exception),
    };

    /// <summary>
    /// Whether the schema or the task may have changed since the task was opened: a part of it is missing, or the
    /// server shuts down.
    /// </summary>
    internal static bool MayHaveChanged(PostgresException answer) =>
        IsMissing(answer.SqlState) || answer.SqlState.StartsWith("57P", StringComparison.Ordinal);

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
            ("The database has no free connection: raise its max_connections, or give each process a smaller Maximum Pool Size. "
                + "The call can be made again.", true),
        PostgresErrorCodes.QueryCanceled =>
            ($"The database ended the statement: {answer.MessageText}. Is statement_timeout too short, or the database overloaded?", true),
        var state when IsTemporary(state) => ($"The database is not available: {answer.MessageText}. The call can be made again when it is.", true),

        PostgresErrorCodes.DiskFull => ("The disk of the database is full. Free some space; nothing of the batch was stored.", false),
        PostgresErrorCodes.OutOfMemory or PostgresErrorCodes.InsufficientResources =>
            ($"The database has run out of memory: {answer.MessageText}. Nothing was stored.", false),
        PostgresErrorCodes.ReadOnlySqlTransaction =>
            ("The database is read-only. Is it a standby? The node must write: name the primary, "
                + "or add \"Target Session Attributes=primary\".", false),
        PostgresErrorCodes.InsufficientPrivilege =>
            ($"The user lacks a privilege: {answer.MessageText}. It must be able to create the schema koii_dbsharing, "
                + "or own one that an administrator has created.", false),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification =>
            ($"The database rejected the user: {answer.MessageText}. Check the user name and the password.", false),
        PostgresErrorCodes.InvalidCatalogName =>
            ($"The database does not exist: {answer.MessageText}. Create it; the node creates its schema in it.", false),
        var state when IsMissing(state) =>
            ($"The schema koii_dbsharing was changed by another program: {answer.MessageText}. "
                + "The next call creates what is missing, if it can.", true),
        PostgresErrorCodes.DataCorrupted or PostgresErrorCodes.IndexCorrupted =>
            ($"The database is damaged: {answer.MessageText}. {WhatToDoWithDamage}", false),
        _ => ($"The database reported an error: {answer.SqlState}: {answer.MessageText}.", false),
    };

    private static (string Message, bool IsTransient) ExplainConnection(NpgsqlException exception) => exception switch
    {
        { InnerException: TimeoutException } => ($"The database did not answer in time ({exception.Message}). The call can be made again.", true),
        { InnerException: SocketException or IOException } =>
            ($"The database cannot be reached, or the connection to it was lost ({exception.Message}: {exception.InnerException.Message}). "
                + "The call can be made again.", true),
        _ => ($"The driver of the database reported an error: {exception.Message}", false),
    };

    private static bool IsLostConnection(NpgsqlException exception) => exception.InnerException is SocketException or IOException;

    private static bool IsTemporary(string state) => state
        is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.TooManyConnections
        or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow or IdleSessionTimeout
        || state.StartsWith("08", StringComparison.Ordinal);

    private static bool IsMissing(string state) => state
        is PostgresErrorCodes.NoDataFound or PostgresErrorCodes.InvalidSchemaName
        or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction;
}
