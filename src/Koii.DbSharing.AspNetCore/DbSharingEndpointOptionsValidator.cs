using Microsoft.Extensions.Options;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Names every setting that is wrong, with its value and what would be right. Nothing is corrected silently.</summary>
internal static class DbSharingEndpointOptionsValidator
{
    private const int MaxLimit = 1_000_000;

    /// <exception cref="OptionsValidationException">A setting is wrong.</exception>
    internal static void Validate(string name, DbSharingEndpointOptions options)
    {
        var errors = Errors(options).ToList();
        if (errors.Count > 0)
            throw new OptionsValidationException(name, typeof(DbSharingEndpointOptions), errors);
    }

    private static IEnumerable<string> Errors(DbSharingEndpointOptions options)
    {
        foreach (var (scope, limits) in new[]
        {
            (nameof(options.PublicClient), options.PublicClient), (nameof(options.PrivateClient), options.PrivateClient), (nameof(options.AllClients), options.AllClients),
        })
        {
            var isAll = limits == options.AllClients;
            foreach (var (setting, value, isNeeded) in new[]
            {
                (nameof(limits.RequestsPerMinute), limits.RequestsPerMinute, false),
                (nameof(limits.ListsPerMinute), limits.ListsPerMinute, false),
                (nameof(limits.MaxConcurrentRequests), limits.MaxConcurrentRequests, isAll),
                (nameof(limits.MaxConcurrentLists), limits.MaxConcurrentLists, isAll),
            })
            {
                if (value is null && isNeeded)
                    yield return $"{scope}.{setting} is null; it must be from 1 to {MaxLimit}, since a node without it can be filled up by anybody.";
                else if (value is < 1 or > MaxLimit)
                    yield return $"{scope}.{setting} is {value}; it must be from 1 to {MaxLimit}{(isNeeded ? "" : ", or null for no limit")}.";
            }
        }

        foreach (var (setting, value) in new[] { (nameof(options.IdleTimeout), options.IdleTimeout), (nameof(options.RequestTimeout), options.RequestTimeout) })
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1))
                yield return $"{setting} is {value}; it must be more than zero and at most 1 day.";
        }

        if (options.MinBytesPerSecond < 1)
            yield return $"{nameof(options.MinBytesPerSecond)} is {options.MinBytesPerSecond}; it must be at least 1.";
    }
}
