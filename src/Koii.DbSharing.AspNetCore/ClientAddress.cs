using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Koii.DbSharing.AspNetCore;

/// <summary>Whom a limit is kept for: an IPv4 address, or the first 64 bits of an IPv6 address, of which a household has 2^64.</summary>
internal readonly struct ClientAddress : IEquatable<ClientAddress>
{
    // No address of IPv6 in use begins with 32 zero bits and goes on, so those of IPv4 have that room to themselves.
    private readonly ulong _network;

    private ClientAddress(ulong network, bool isPrivate) => (_network, IsPrivate) = (network, isPrivate);

    /// <summary>All clients together.</summary>
    internal static ClientAddress Everybody { get; } = new(ulong.MaxValue, isPrivate: false);

    /// <summary>All those for whom there is no room of their own.</summary>
    internal static ClientAddress Others { get; } = new(ulong.MaxValue - 1, isPrivate: false);

    /// <summary>Whether it is an address of this machine or of a network that is not the internet, where many clients may stand behind one address.</summary>
    internal bool IsPrivate { get; }

    /// <summary>Whom an address belongs to. None at all is a connection that has no address, such as a Unix socket.</summary>
    internal static ClientAddress Of(IPAddress? address)
    {
        if (address is null)
            return new ClientAddress(0, isPrivate: true);
        Span<byte> bytes = stackalloc byte[16];
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        address.TryWriteBytes(bytes, out _);
        if (address.AddressFamily == AddressFamily.InterNetwork)
            return new ClientAddress(BinaryPrimitives.ReadUInt32BigEndian(bytes), IsPrivateIPv4(bytes));

        var isPrivate = address.IsIPv6UniqueLocal || address.IsIPv6LinkLocal || IPAddress.IsLoopback(address);
        return new ClientAddress(BinaryPrimitives.ReadUInt64BigEndian(bytes), isPrivate);
    }

    public bool Equals(ClientAddress other) => _network == other._network;

    public override bool Equals(object? obj) => obj is ClientAddress other && Equals(other);

    // Seeded per process, since strangers choose their addresses.
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
