using Koii.DbSharing;
using Koii.DbSharing.DependencyInjection;
using Koii.DbSharing.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Chooses the roles of a shared task. Every choice replaces the one before it, so calling twice is safe.</summary>
public static class DbSharingBuilderExtensions
{
    /// <summary>Fills a role, such as <see cref="ILinktreeStore"/> or <c>IPeerClient</c>, for this task.</summary>
    /// <typeparam name="TRole">The role's interface.</typeparam>
    /// <param name="builder">The task.</param>
    /// <param name="factory">Makes the role, once, from the services and the task's validated options. What it makes is disposed of with the services.</param>
    /// <returns>The same builder.</returns>
    public static IDbSharingBuilder Use<TRole>(this IDbSharingBuilder builder, Func<IServiceProvider, DbSharingOptions, TRole> factory)
        where TRole : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(factory);
        builder.Services.Replace(TaskServices.Describe(builder.Name, factory));
        return builder;
    }
}
