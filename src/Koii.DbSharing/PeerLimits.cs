namespace Koii.DbSharing;

/// <summary>The limits of what one peer may cost in time, bytes and work (protocol §4).</summary>
public sealed class PeerLimits
{
    /// <summary>
    /// The longest time to make a connection, with the resolution of the host's name and the attempts at all of its addresses. TLS has
    /// half a second more.
    /// </summary>
    /// <value>Default: 5 seconds; more than zero, at most 1 day.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait for the headers of a response, the connection included.</summary>
    /// <value>Default: 10 seconds; not less than <see cref="ConnectTimeout"/>, at most 1 day.</value>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The longest wait for the next bytes of a body, and the time after which <see cref="MinBytesPerSecond"/> applies.
    /// </summary>
    /// <value>Default: 10 seconds; more than zero, at most 1 day.</value>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The longest time of a pull as a whole. What came by then is kept.</summary>
    /// <value>Default: 60 seconds; not less than <see cref="HeadersTimeout"/>, at most 1 day.</value>
    public TimeSpan PeerTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The lowest rate of a body in bytes per second, over the time spent waiting for it.</summary>
    /// <value>Default: 65,536; at least 1.</value>
    public int MinBytesPerSecond { get; set; } = 64 * 1024;

    /// <summary>The maximum number of bytes of a list, after decompression.</summary>
    /// <value>Default: 1 GiB; at least 1.</value>
    public long MaxListBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>The maximum number of elements of a list.</summary>
    /// <value>Default: 1,000,000; at least 1.</value>
    public int MaxListElements { get; set; } = 1_000_000;

    /// <summary>
    /// The maximum number of bytes of one element of a list. A longer element is skipped and counted; more white space than this
    /// between two elements ends the list.
    /// </summary>
    /// <value>Default: 256 KiB; from 128 KiB to 64 MiB.</value>
    public int MaxElementBytes { get; set; } = 256 * 1024;

    /// <summary>The maximum number of bytes of a node list, after decompression.</summary>
    /// <value>Default: 8 MiB; at least 1.</value>
    public int MaxNodeListBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>The maximum number of elements of a node list. The rest is not read.</summary>
    /// <value>Default: 10,000; at least 1.</value>
    public int MaxNodeListElements { get; set; } = 10_000;

    /// <summary>The number of failed signature checks that ends a pull.</summary>
    /// <value>Default: 1,000; at least 1.</value>
    public int MaxBadSignatures { get; set; } = 1_000;
}
