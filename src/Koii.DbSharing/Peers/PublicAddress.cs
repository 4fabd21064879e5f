using System.Net;
using System.Net.Sockets;

namespace Koii.DbSharing.Peers;

/// <summary>
/// The public addresses of the Internet (protocol §4.9). The rest of the IANA special-purpose registries
/// leads to this machine, its network or nowhere, and a node list must not be able to direct a node there.
/// </summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] SpecialIPv4 =
    [
        IPNetwork.Parse("0.0.0.0/8"),         // this network
        IPNetwork.Parse("10.0.0.0/8"),        // private
        IPNetwork.Parse("100.64.0.0/10"),     // shared by carriers
        IPNetwork.Parse("127.0.0.0/8"),       // loopback
        IPNetwork.Parse("169.254.0.0/16"),    // link-local; 169.254.169.254 is the metadata service of most clouds
        IPNetwork.Parse("172.16.0.0/12"),     // private
        IPNetwork.Parse("192.0.0.0/24"),      // protocol assignments
        IPNetwork.Parse("192.0.2.0/24"),      // documentation
        IPNetwork.Parse("192.88.99.0/24"),    // 6to4 relays
        IPNetwork.Parse("192.168.0.0/16"),    // private
        IPNetwork.Parse("198.18.0.0/15"),     // benchmarks
        IPNetwork.Parse("198.51.100.0/24"),   // documentation
        IPNetwork.Parse("203.0.113.0/24"),    // documentation
        IPNetwork.Parse("224.0.0.0/4"),       // multicast
        IPNetwork.Parse("240.0.0.0/4"),       // reserved, and broadcast
        IPNetwork.Parse("168.63.129.16/32"),  // the virtual machine's host on Azure
    ];

    /// <summary>
    /// IPv4 addresses in networks without IPv4, which a gateway at the border translates (RFC 6052): the last 32 bits.
    /// </summary>
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>IPv6 addresses are public only in this network, except for <see cref="SpecialIPv6"/>.</summary>
    private static readonly IPNetwork GlobalIPv6 = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork[] SpecialIPv6 =
    [
        IPNetwork.Parse("2001::/23"),      // protocol assignments, Teredo among them
        IPNetwork.Parse("2001:db8::/32"),  // documentation
        IPNetwork.Parse("2002::/16"),      // 6to4, which wraps any IPv4 address
        IPNetwork.Parse("3fff::/20"),      // documentation
    ];

    /// <summary>Returns whether an address is public. An IPv6 form of an IPv4 address counts as the IPv4 address.</summary>
    public static bool Contains(IPAddress address)
    {
        address = ToIPv4(address);
        return address.AddressFamily switch
        {
            AddressFamily.InterNetwork => !SpecialIPv4.Any(network => network.Contains(address)),
            AddressFamily.InterNetworkV6 => GlobalIPv6.Contains(address) && !SpecialIPv6.Any(network => network.Contains(address)),
            _ => false,
        };
    }

    /// <summary>Returns the IPv4 address that an IPv6 form of it leads to; any other address as it is.</summary>
    public static IPAddress ToIPv4(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            return address.MapToIPv4();
        return Nat64.Contains(address) ? new IPAddress(address.GetAddressBytes().AsSpan(12)) : address;
    }
}
