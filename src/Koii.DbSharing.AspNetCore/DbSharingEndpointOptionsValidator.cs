using Microsoft.Extensions.Options;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Reports each setting that is out of its range, with its value and the range.</summary>
internal sealed class DbSharingEndpointOptionsValidator : IValidateOptions<DbSharingEndpointOptions>
{
    private const int MaxLimit = 1_000_000;

    public ValidateOptionsResult Validate(string? name, DbSharingEndpointOptions options)
    {
        List<string> errors =
        [
            .. FindErrors(nameof(options.PublicClient), options.PublicClient, isAll: false),
            .. FindErrors(nameof(options.PrivateClient), options.PrivateClient, isAll: false),
            .. FindErrors(nameof(options.AllClients), options.AllClients, isAll: true),
            .. FindErrors(nameof(options.IdleTimeout), options.IdleTimeout),
            .. FindErrors(nameof(options.RequestTimeout), options.RequestTimeout),
        ];
        if (options.MinBytesPerSecond < 1)
            errors.Add($"{nameof(options.MinBytesPerSecond)} is {options.MinBytesPerSecond}; it must be at least 1.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> FindErrors(string scope, RequestLimits limits, bool isAll)
    {
        foreach (var (setting, value, isRequired) in new[]
        {
            (nameof(limits.RequestsPerMinute), limits.RequestsPerMinute, false),
            (nameof(limits.ListsPerMinute), limits.ListsPerMinute, false),
            (nameof(limits.MaxConcurrentRequests), limits.MaxConcurrentRequests, isAll),
            (nameof(limits.MaxConcurrentLists), limits.MaxConcurrentLists, isAll),
        })
        {
            if (value is null && isRequired)
                yield return $"{scope}.{setting} is null; it must be from 1 to {MaxLimit}, since without it any client can exhaust the node.";
            else if (value is < 1 or > MaxLimit)
                yield return $"{scope}.{setting} is {value}; it must be from 1 to {MaxLimit}{(isRequired ? "" : ", or null for no limit")}.";
        }
    }

    private static IEnumerable<string> FindErrors(string setting, TimeSpan value)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1))
            yield return $"{setting} is {value}; it must be more than zero and at most 1 day.";
    }
}
