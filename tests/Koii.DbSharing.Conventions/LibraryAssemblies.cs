using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.Conventions;

/// <summary>The assemblies that are packed.</summary>
internal static class LibraryAssemblies
{
    public static Assembly Core { get; } = typeof(DbSharingOptions).Assembly;

    public static Assembly Sqlite { get; } = typeof(SqliteDbSharingBuilderExtensions).Assembly;

    public static Assembly PostgreSql { get; } = typeof(PostgreSqlDbSharingBuilderExtensions).Assembly;

    public static Assembly AspNetCore { get; } = typeof(DbSharingEndpointRouteBuilderExtensions).Assembly;

    public static IReadOnlyList<Assembly> All { get; } = [Core, Sqlite, PostgreSql, AspNetCore];
}
