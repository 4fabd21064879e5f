using System.Buffers.Binary;
using System.Net;

namespace Koii.DbSharing.AspNetCore;

/// <summary>The client that a limit applies to: an IPv4 address, or the first 64 bits of an IPv6 address.</summary>
/// <remarks>
/// A household has 2^64 IPv6 addresses, so a single one of them does not identify a client. An IPv6 address that contains
/// an IPv4 address, mapped or translated, is that IPv4 address.
/// </remarks>
internal readonly struct ClientAddress : IEquatable<ClientAddress>
{
    private const int IPv4Bytes = 4;

    // No IPv6 address in use has 32 leading zero bits and other bits after them, so the IPv4 addresses do not collide
    // with IPv6 networks.
    private readonly ulong _network;

    private ClientAddress(ulong network, bool isPrivate, bool isIPv6 = false)
    {
        (_network, IsPrivate) = (network, isPrivate);
        Site = isIPv6 && !isPrivate ? network >> 16 : null;
    }

    /// <summary>The prefix 64:ff9b::/96 of IPv4 addresses that a NAT64 gateway translates (RFC 6052).</summary>
    private static ReadOnlySpan<byte> TranslatedPrefix => [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>All clients together.</summary>
    internal static ClientAddress All { get; } = new(ulong.MaxValue, isPrivate: false);

    /// <summary>All clients for which a full <see cref="RateTable"/> has no entry.</summary>
    internal static ClientAddress Overflow { get; } = new(ulong.MaxValue - 1, isPrivate: false);

    /// <summary>Whether the address is a loopback, private or link-local one, so that many clients may share it.</summary>
    internal bool IsPrivate { get; }

    /// <summary>
    /// The first 48 bits of a public IPv6 address, which are the network of one organization or household; otherwise
    /// <see langword="null"/>.
    /// </summary>
    internal ulong? Site { get; }

    /// <summary>
    /// Gets the client of an address. A connection without an address, such as a Unix socket, is private.
    /// </summary>
    internal static ClientAddress Of(IPAddress? address)
    {
        if (address is null)
            return new ClientAddress(0, isPrivate: true);
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        address.TryWriteBytes(bytes, out var length);
        var ipv4 = length == IPv4Bytes ? bytes : bytes.StartsWith(TranslatedPrefix) ? bytes[^IPv4Bytes..] : [];
        if (!ipv4.IsEmpty)
            return new ClientAddress(BinaryPrimitives.ReadUInt32BigEndian(ipv4), IsPrivateIPv4(ipv4));

        var isPrivate = address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal || IPAddress.IsLoopback(address);
        return new ClientAddress(BinaryPrimitives.ReadUInt64BigEndian(bytes), isPrivate, isIPv6: true);
    }

    public bool Equals(ClientAddress other) => _network == other._network;

    public override bool Equals(object? obj) => obj is ClientAddress other && Equals(other);

    // HashCode is seeded per process: clients choose their IPv6 addresses and must not choose collisions.
    public override int GetHashCode() => HashCode.Combine(_network);

    // Loopback, RFC 1918, RFC 6598 (behind a carrier or in a cluster) and link-local.
    private static bool IsPrivateIPv4(ReadOnlySpan<byte> bytes) => (bytes[0], bytes[1]) switch
    {
        (10 or 127, _) => true,
        (100, >= 64 and < 128) => true,
        (169, 254) => true,
        (172, >= 16 and < 32) => true,
        (192, 168) => true,
        _ => false,
    };
}
