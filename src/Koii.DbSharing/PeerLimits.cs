namespace Koii.DbSharing;

/// <summary>What a peer may cost, spent before work is done for it (protocol §4). Every limit must be greater than zero.</summary>
public sealed class PeerLimits
{
    /// <summary>How long a connection may take to come up. Default: 5 seconds.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the answer's headers may take, the connection included. Default: 10 seconds; not less than <see cref="ConnectTimeout"/>.</summary>
    public TimeSpan HeadersTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a body may be silent, and from when on <see cref="MinBytesPerSecond"/> counts. Default: 10 seconds.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a pull may take as a whole. What came by then is kept, and the next round goes on. Default: 60 seconds; not less than <see cref="HeadersTimeout"/>.
    /// </summary>
    public TimeSpan PeerTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>The least rate of a body in bytes a second, over the time spent waiting for it. Default: 65,536.</summary>
    public int MinBytesPerSecond { get; set; } = 64 * 1024;

    /// <summary>The greatest length of a list in bytes, after decompression. Default: 1 GiB.</summary>
    public long MaxListBytes { get; set; } = 1024L * 1024 * 1024;

    /// <summary>The most elements of a list. Default: 1,000,000.</summary>
    public int MaxListElements { get; set; } = 1_000_000;

    /// <summary>The greatest length of one element of a list in bytes; a longer one is skipped and counted, and more white space in a row ends the list. Default: 256 KiB; from 128 KiB to 64 MiB.</summary>
    public int MaxElementBytes { get; set; } = 256 * 1024;

    /// <summary>The greatest length of a node list in bytes, after decompression. Default: 8 MiB.</summary>
    public int MaxNodeListBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>The most elements of a node list; the rest is left unread. Default: 10,000.</summary>
    public int MaxNodeListElements { get; set; } = 10_000;

    /// <summary>After how many failed signature checks a pull ends. Default: 1,000.</summary>
    public int MaxBadSignatures { get; set; } = 1_000;
}
