using System.Buffers.Binary;
using System.Net;

namespace Koii.DbSharing.Peers;

/// <summary>
/// Which addresses belong to the open Internet (protocol §4, "Addresses"). The rest of the IANA special-purpose registries leads to this machine, its network or
/// nowhere, and a node list must not be able to send a node there.
/// </summary>
internal static class PublicAddress
{
    /// <summary>In IPv4 everything but these.</summary>
    private static readonly AddressRange[] Special4 =
    [
        new(0x0000_0000, 8),  // 0.0.0.0/8 this network
        new(0x0a00_0000, 8),  // 10.0.0.0/8 private
        new(0x6440_0000, 10), // 100.64.0.0/10 shared by carriers
        new(0x7f00_0000, 8),  // 127.0.0.0/8 loopback
        new(0xa9fe_0000, 16), // 169.254.0.0/16 link-local; 169.254.169.254 is the metadata service of most clouds
        new(0xac10_0000, 12), // 172.16.0.0/12 private
        new(0xc000_0000, 24), // 192.0.0.0/24 protocol assignments
        new(0xc000_0200, 24), // 192.0.2.0/24 documentation
        new(0xc058_6300, 24), // 192.88.99.0/24 6to4 relays
        new(0xc0a8_0000, 16), // 192.168.0.0/16 private
        new(0xc612_0000, 15), // 198.18.0.0/15 benchmarks
        new(0xc633_6400, 24), // 198.51.100.0/24 documentation
        new(0xcb00_7100, 24), // 203.0.113.0/24 documentation
        new(0xe000_0000, 4),  // 224.0.0.0/4 multicast
        new(0xf000_0000, 4),  // 240.0.0.0/4 reserved, and broadcast
        new(0xa83f_8110, 32), // 168.63.129.16, the virtual machine's host on Azure
    ];

    /// <summary>In IPv6 only 2000::/3, and of that not these.</summary>
    private static readonly AddressRange Global6 = new(0x2000_0000, 3);

    private static readonly AddressRange[] Special6 =
    [
        new(0x2001_0000, 23), // 2001::/23 protocol assignments, Teredo among them
        new(0x2001_0db8, 32), // 2001:db8::/32 documentation
        new(0x2002_0000, 16), // 2002::/16 6to4, which wraps any IPv4 address
        new(0x3fff_0000, 20), // 3fff::/20 documentation
    ];

    private static ReadOnlySpan<byte> MappedPrefix => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

    /// <summary>Judges an address. IPv4-mapped ones are judged as IPv4.</summary>
    /// <param name="address">The address.</param>
    /// <returns>Whether it may be dialled on the word of a stranger.</returns>
    public static bool Contains(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        return address.TryWriteBytes(bytes, out var length) && Contains(bytes[..length]);
    }

    /// <summary>Judges an address by its bytes.</summary>
    /// <param name="address">4 or 16 bytes; of any other length none is public.</param>
    /// <returns>Whether it may be dialled on the word of a stranger.</returns>
    public static bool Contains(ReadOnlySpan<byte> address)
    {
        if (address.Length == 16 && address.StartsWith(MappedPrefix))
            address = address[MappedPrefix.Length..];
        if (address.Length is not (4 or 16))
            return false;

        // No range is longer than 32 bits.
        var start = BinaryPrimitives.ReadUInt32BigEndian(address);
        return address.Length == 4 ? !IsIn(Special4, start) : Global6.Contains(start) && !IsIn(Special6, start);
    }

    private static bool IsIn(ReadOnlySpan<AddressRange> ranges, uint start)
    {
        foreach (var range in ranges)
        {
            if (range.Contains(start))
                return true;
        }

        return false;
    }

    /// <summary>All addresses that begin with these bits.</summary>
    private readonly record struct AddressRange(uint Prefix, int Bits)
    {
        public bool Contains(uint start) => (start ^ Prefix) >> (32 - Bits) == 0;
    }
}
