using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.DependencyInjection;

/// <summary>
/// Registers and resolves the services of a task: those of the task without a name are ordinary services, which an
/// application resolves and replaces as usual; those of a named task are keyed by its name.
/// </summary>
internal static class TaskServices
{
    /// <summary>Describes a service that is made from the task's options.</summary>
    internal static ServiceDescriptor Describe<TService>(string name, Func<IServiceProvider, DbSharingOptions, TService> factory)
        where TService : class =>
        name.Length == 0
            ? ServiceDescriptor.Singleton(provider => Create(provider, name, factory))
            : ServiceDescriptor.KeyedSingleton(name, (provider, _) => Create(provider, name, factory));

    /// <summary>
    /// Makes an instance of a class from the services, and from the task's options where its constructor takes them.
    /// </summary>
    internal static T CreateInstance<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] T>(
        IServiceProvider provider, DbSharingOptions options)
    {
        // ActivatorUtilities requires that every argument is used.
        var takesOptions = typeof(T).GetConstructors()
            .Any(constructor => constructor.GetParameters().Any(parameter => parameter.ParameterType == typeof(DbSharingOptions)));
        return takesOptions ? ActivatorUtilities.CreateInstance<T>(provider, options) : ActivatorUtilities.CreateInstance<T>(provider);
    }

    internal static TService GetTaskService<TService>(this IServiceProvider provider, string name)
        where TService : class =>
        name.Length == 0 ? provider.GetRequiredService<TService>() : provider.GetRequiredKeyedService<TService>(name);

    /// <summary>Gets an optional service.</summary>
    internal static TService? FindTaskService<TService>(this IServiceProvider provider, string name)
        where TService : class =>
        name.Length == 0 ? provider.GetService<TService>() : provider.GetKeyedService<TService>(name);

    private static TService Create<TService>(IServiceProvider provider, string name, Func<IServiceProvider, DbSharingOptions, TService> factory)
        where TService : class
    {
        var options = provider.GetRequiredService<IOptionsMonitor<DbSharingOptions>>().Get(name);
        return factory(provider, options) ?? throw new InvalidOperationException($"The factory of {typeof(TService).Name} returned null.");
    }
}
