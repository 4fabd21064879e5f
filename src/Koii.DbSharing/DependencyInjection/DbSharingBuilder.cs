using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.DependencyInjection;

internal sealed record DbSharingBuilder(IServiceCollection Services, string Name) : IDbSharingBuilder;
