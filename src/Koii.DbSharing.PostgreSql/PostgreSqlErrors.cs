using System.Net.Sockets;
using System.Security.Authentication;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// Translates the driver's exceptions into messages for the operator of a node, and decides which calls are retried.
/// </summary>
internal static class PostgreSqlErrors
{
    internal const string WhatToDoWithDamage = "Restore a backup, or drop the schema koii_dbsharing and let the node's peers fill it again.";

    internal const string ReadOnly =
        "The database is read-only. Is it a standby? The node must write: name the primary, or all servers, separated by commas.";

    private const string IdleSessionTimeout = "57P05";

    /// <summary>
    /// Whether the same call may succeed soon. A time-out is not retried: the caller has waited for it already.
    /// </summary>
    internal static bool IsWorthAnotherAttempt(Exception exception) => exception switch
    {
        PostgresException { SqlState: var state } => IsTemporary(state),
        TimeoutException or { InnerException: TimeoutException } => false,
        _ => IsLostConnection(exception),
    };

    /// <summary>
    /// Whether the driver throws the exception if a call fails. Most failures are an <see cref="NpgsqlException"/>; those
    /// of the name server and of settings that the driver does not support are thrown as they are.
    /// </summary>
    internal static bool IsFailure(Exception exception) => exception
        is NpgsqlException or TimeoutException or SocketException or IOException or AuthenticationException or NotSupportedException;

    /// <summary>
    /// Whether the session, or the server that it leads to, is read-only. Other sessions may be writable by now.
    /// </summary>
    internal static bool IsReadOnly(Exception exception) => exception is PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction };

    /// <summary>
    /// Whether the schema or the task may have changed since the task was opened: a part of it is missing, or the
    /// server shuts down.
    /// </summary>
    internal static bool MayHaveChanged(PostgresException answer) =>
        IsMissing(answer.SqlState) || answer.SqlState.StartsWith("57P", StringComparison.Ordinal);

    internal static LinktreeStoreException Explain(Exception exception)
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
        PostgresErrorCodes.ReadOnlySqlTransaction => (ReadOnly, false),
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

    private static (string Message, bool IsTransient) ExplainConnection(Exception exception) => exception switch
    {
        TimeoutException or { InnerException: TimeoutException } =>
            ($"The database did not answer in time ({exception.Message}). The call can be made again.", true),
        _ when IsLostConnection(exception) =>
            ($"The database cannot be reached, or the connection to it was lost ({WithCause(exception)}). The call can be made again.", true),
        _ => ($"The driver of the database reported an error: {WithCause(exception)}", false),
    };

    private static string WithCause(Exception exception) =>
        exception.InnerException is { } cause ? $"{exception.Message}: {cause.Message}" : exception.Message;

    /// <summary>With several hosts, one that may be reached later is enough.</summary>
    private static bool IsLostConnection(Exception? exception) => exception switch
    {
        SocketException or IOException => true,
        PostgresException { SqlState: var state } => IsTemporary(state),
        AggregateException several => several.InnerExceptions.Any(one => IsLostConnection(one) || one is TimeoutException),
        NpgsqlException { InnerException: var cause } => cause is TimeoutException || IsLostConnection(cause),
        _ => false,
    };

    private static bool IsTemporary(string state) => state
        is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.TooManyConnections
        or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow or IdleSessionTimeout
        || state.StartsWith("08", StringComparison.Ordinal);

    private static bool IsMissing(string state) => state
        is PostgresErrorCodes.NoDataFound or PostgresErrorCodes.InvalidSchemaName
        or PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction;
}
