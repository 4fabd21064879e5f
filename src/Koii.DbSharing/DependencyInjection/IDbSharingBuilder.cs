namespace Microsoft.Extensions.DependencyInjection;

/// <summary>What <c>AddDbSharing</c> answers: the place where a task's roles are chosen.</summary>
public interface IDbSharingBuilder
{
    /// <summary>The services that the task is added to.</summary>
    IServiceCollection Services { get; }

    /// <summary>The task's name: its service key and the name of its options. Empty for the one that was added without a name.</summary>
    string Name { get; }
}
