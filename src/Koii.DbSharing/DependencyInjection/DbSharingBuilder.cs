namespace Microsoft.Extensions.DependencyInjection;

internal sealed record DbSharingBuilder(IServiceCollection Services, string Name) : IDbSharingBuilder;
