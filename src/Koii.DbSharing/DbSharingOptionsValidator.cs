using System.Buffers;
using Koii.DbSharing.Storage;
using Microsoft.Extensions.Options;

namespace Koii.DbSharing;

/// <summary>
/// Reports every option that is out of its bounds, with its value and the bounds. No value is corrected.
/// </summary>
internal sealed class DbSharingOptionsValidator : IValidateOptions<DbSharingOptions>
{
    // RFC 3986 §2.3, unreserved: what needs no escaping in a path, so that all nodes write the same one.
    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    public ValidateOptionsResult Validate(string? name, DbSharingOptions options)
    {
        var errors = Errors(options).ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    /// <summary>Checks options that did not come through the container.</summary>
    /// <exception cref="ArgumentException">Options are out of their bounds; the message names every one.</exception>
    internal static void ThrowIfInvalid(DbSharingOptions options, string parameterName)
    {
        if (string.Join(' ', Errors(options)) is { Length: > 0 } errors)
            throw new ArgumentException(errors, parameterName);
    }

    internal static IEnumerable<string> Errors(DbSharingOptions options)
    {
        if (!IsPathSegment(options.TaskId))
            yield return $"TaskId is '{options.TaskId}'; it must be the id of the task: letters, digits, '-', '_', '.' and '~'.";
        if (!IsPathSegment(options.ResourceName))
            yield return $"ResourceName is '{options.ResourceName}'; it must be a word of letters, digits, '-', '_', '.' and '~'.";
        foreach (var url in options.Nodes.Where(url => !NodeAddress.TryParse(url, out _)))
            yield return $"Nodes contains '{WithoutUserInformation(url)}'; each must be an absolute http or https URL without user information, query and fragment.";
        foreach (var url in options.OwnUrls.Where(url => !NodeAddress.TryParse(url, out _)))
            yield return $"OwnUrls contains '{WithoutUserInformation(url)}'; each must be an absolute http or https URL without user information, query and fragment.";
        if (options.Interval < TimeSpan.FromSeconds(1) || options.Interval > TimeSpan.FromDays(1))
            yield return $"Interval is {options.Interval}; it must be from 1 second to 1 day.";
        if (options.MaxClockSkew < TimeSpan.Zero || options.MaxClockSkew > TimeSpan.FromDays(1))
            yield return $"MaxClockSkew is {options.MaxClockSkew}; it must be from zero to 1 day.";
        if (options.ChangeRetention <= TimeSpan.Zero || options.ChangeRetention > TimeSpan.FromDays(3650))
            yield return $"ChangeRetention is {options.ChangeRetention}; it must be more than zero and at most 3650 days.";

        var limits = options.PeerLimits;
        foreach (var (setting, value) in new (string, long)[]
        {
            (nameof(options.FanOut), options.FanOut),
            (nameof(options.MaxConcurrentPeers), options.MaxConcurrentPeers),
            (nameof(options.LinktreesPerAuthor), options.LinktreesPerAuthor),
            (nameof(options.MaxRecords), options.MaxRecords),
            (nameof(options.MaxRetainedChanges), options.MaxRetainedChanges),
            ($"PeerLimits.{nameof(PeerLimits.MinBytesPerSecond)}", limits.MinBytesPerSecond),
            ($"PeerLimits.{nameof(PeerLimits.MaxListBytes)}", limits.MaxListBytes),
            ($"PeerLimits.{nameof(PeerLimits.MaxListElements)}", limits.MaxListElements),
            ($"PeerLimits.{nameof(PeerLimits.MaxNodeListBytes)}", limits.MaxNodeListBytes),
            ($"PeerLimits.{nameof(PeerLimits.MaxNodeListElements)}", limits.MaxNodeListElements),
            ($"PeerLimits.{nameof(PeerLimits.MaxBadSignatures)}", limits.MaxBadSignatures),
        })
        {
            if (value < 1)
                yield return $"{setting} is {value}; it must be at least 1.";
        }

        if (options.MaxBytes < StoreBounds.MinMaxBytes)
            yield return $"{nameof(options.MaxBytes)} is {options.MaxBytes}; it must be at least {StoreBounds.MinMaxBytes} (1 MiB).";
        if (options.ListCacheBytes < 0)
            yield return $"{nameof(options.ListCacheBytes)} is {options.ListCacheBytes}; it must be at least 0, which keeps no pages.";

        foreach (var (setting, value) in new[]
        {
            (nameof(PeerLimits.ConnectTimeout), limits.ConnectTimeout),
            (nameof(PeerLimits.HeadersTimeout), limits.HeadersTimeout),
            (nameof(PeerLimits.IdleTimeout), limits.IdleTimeout),
            (nameof(PeerLimits.PeerTimeout), limits.PeerTimeout),
        })
        {
            // A day is also within the range of a timer.
            if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(1))
                yield return $"PeerLimits.{setting} is {value}; it must be more than zero and at most 1 day.";
        }

        // A valid record has up to 64 KiB of canonical data and may be written at greater length; above the bound one
        // element would need too much memory.
        if (limits.MaxElementBytes is < 128 * 1024 or > 64 * 1024 * 1024)
            yield return $"PeerLimits.MaxElementBytes is {limits.MaxElementBytes}; it must be from 131072 (128 KiB) to 67108864 (64 MiB).";
        var (connect, headers, whole) = (limits.ConnectTimeout, limits.HeadersTimeout, limits.PeerTimeout);
        if (headers < connect)
            yield return $"PeerLimits.HeadersTimeout is {headers}, less than ConnectTimeout ({connect}), which is a part of it.";
        if (whole < headers)
            yield return $"PeerLimits.PeerTimeout is {whole}, less than HeadersTimeout ({headers}), which is a part of it.";
    }

    /// <summary>Removes user information from a URL: the message is logged, and a password must not be.</summary>
    private static string WithoutUserInformation(string url)
    {
        var at = url.LastIndexOf('@');
        var scheme = url.IndexOf("://", StringComparison.Ordinal);
        return at < 0 ? url : $"{(scheme >= 0 && scheme < at ? url[..(scheme + 3)] : "")}…{url[at..]}";
    }

    private static bool IsPathSegment(string? text) =>
        text is { Length: > 0 and <= 128 } && text is not ("." or "..") && !text.AsSpan().ContainsAnyExcept(Unreserved);
}
