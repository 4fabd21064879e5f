namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures the services of one shared task. <c>AddDbSharing</c> returns it.</summary>
public interface IDbSharingBuilder
{
    /// <summary>The service collection that the task was added to.</summary>
    IServiceCollection Services { get; }

    /// <summary>
    /// The task's name: the key of its services and the name of its options. Empty for the task that was added without
    /// a name.
    /// </summary>
    string Name { get; }
}
