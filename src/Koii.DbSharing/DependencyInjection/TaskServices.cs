using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing.DependencyInjection;

/// <summary>
/// Where a task's services stand: the unnamed task's are plain ones, so that an application takes and replaces them as usual;
/// a named task's are keyed by its name.
/// </summary>
internal static class TaskServices
{
    internal static ServiceDescriptor Describe<TService>(string name, Func<IServiceProvider, DbSharingOptions, TService> factory)
        where TService : class =>
        name.Length == 0
            ? ServiceDescriptor.Singleton(provider => Make(provider, name, factory))
            : ServiceDescriptor.KeyedSingleton(name, (provider, _) => Make(provider, name, factory));

    internal static TService GetTaskService<TService>(this IServiceProvider provider, string name)
        where TService : class =>
        name.Length == 0 ? provider.GetRequiredService<TService>() : provider.GetRequiredKeyedService<TService>(name);

    /// <summary>A role that may be left empty.</summary>
    internal static TService? FindTaskService<TService>(this IServiceProvider provider, string name)
        where TService : class =>
        name.Length == 0 ? provider.GetService<TService>() : provider.GetKeyedService<TService>(name);

    private static TService Make<TService>(IServiceProvider provider, string name, Func<IServiceProvider, DbSharingOptions, TService> factory)
        where TService : class =>
        factory(provider, provider.GetTaskOptions(name)) ?? throw new InvalidOperationException($"The factory of {typeof(TService).Name} returned null.");

    internal static DbSharingOptions GetTaskOptions(this IServiceProvider provider, string name) =>
        provider.GetRequiredService<IOptionsMonitor<DbSharingOptions>>().Get(name);
}
