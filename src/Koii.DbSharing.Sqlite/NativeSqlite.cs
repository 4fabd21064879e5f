using System.Runtime.InteropServices;
using SQLitePCL;

namespace Koii.DbSharing.Sqlite;

/// <summary>Functions of SQLite that SQLitePCLRaw does not offer.</summary>
internal static partial class NativeSqlite
{
    private const string Library = "e_sqlite3";

    /// <summary><c>SQLITE_FCNTL_HAS_MOVED</c>.</summary>
    private const int HasMovedOperation = 20;

    /// <summary><c>ERROR_WRITE_PROTECT</c> on Windows, <c>EROFS</c> elsewhere.</summary>
    private static readonly int ReadOnlyDiskError = OperatingSystem.IsWindows() ? 19 : 30;

    /// <summary>
    /// Whether the driver runs on the library that these functions belong to. An application can select another one, whose handles
    /// mean nothing to this one.
    /// </summary>
    private static readonly bool IsOfDriver = raw.GetNativeLibraryName() == Library;

    /// <summary>
    /// Returns whether the file that a connection has open is at its path no longer: it was deleted or moved, or another file
    /// has replaced it. On Windows it returns <see langword="false"/>, because a file that is open stays where it is.
    /// </summary>
    internal static bool HasMoved(sqlite3 database) =>
        IsOfDriver && FileControl(database, 0, HasMovedOperation, out var hasMoved) == raw.SQLITE_OK && hasMoved != 0;

    /// <summary>Returns whether the last I/O error of a connection is that its disk is read-only.</summary>
    internal static bool IsReadOnlyDisk(sqlite3 database) => IsOfDriver && SystemError(database) == ReadOnlyDiskError;

    [LibraryImport(Library, EntryPoint = "sqlite3_file_control")]
    private static partial int FileControl(SafeHandle database, nint name, int operation, out int value);

    [LibraryImport(Library, EntryPoint = "sqlite3_system_errno")]
    private static partial int SystemError(SafeHandle database);
}
