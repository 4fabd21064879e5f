using System.Net;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary>The client that a limit applies to.</summary>
public sealed class ClientAddressTests
{
    [TestCase("127.0.0.1")]
    [TestCase("127.255.255.255")]
    [TestCase("10.0.0.0")]
    [TestCase("10.255.255.255")]
    [TestCase("100.64.0.0")]
    [TestCase("100.127.255.255")]
    [TestCase("169.254.0.1")]
    [TestCase("172.16.0.0")]
    [TestCase("172.31.255.255")]
    [TestCase("192.168.0.0")]
    [TestCase("192.168.255.255")]
    [TestCase("::1")]
    [TestCase("::ffff:127.0.0.1")]
    [TestCase("::ffff:10.1.2.3")]
    [TestCase("64:ff9b::10.1.2.3")]
    [TestCase("fe80::1")]
    [TestCase("fc00::1")]
    [TestCase("fdff:ffff::1")]
    public void Loopback_and_local_addresses_are_private(string address) => Assert.That(Of(address).IsPrivate, Is.True);

    [TestCase("126.255.255.255")]
    [TestCase("128.0.0.0")]
    [TestCase("9.255.255.255")]
    [TestCase("11.0.0.0")]
    [TestCase("100.63.255.255")]
    [TestCase("100.128.0.0")]
    [TestCase("169.253.255.255")]
    [TestCase("172.15.255.255")]
    [TestCase("172.32.0.0")]
    [TestCase("192.167.255.255")]
    [TestCase("192.169.0.0")]
    [TestCase("0.0.0.0")]
    [TestCase("::")]
    [TestCase("::ffff:8.8.8.8")]
    [TestCase("64:ff9b::8.8.8.8")]
    [TestCase("64:ff9b:1::10.1.2.3")]
    [TestCase("2001:db8::1")]
    [TestCase("fec0::1")]
    [TestCase("fbff::1")]
    public void Other_addresses_are_public(string address) => Assert.That(Of(address).IsPrivate, Is.False);

    [Test]
    public void Missing_address_is_private() => Assert.That(ClientAddress.Of(null).IsPrivate, Is.True);

    [TestCase("203.0.113.7", "::ffff:203.0.113.7")]
    [TestCase("203.0.113.7", "64:ff9b::203.0.113.7")]
    [TestCase("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")]
    public void Addresses_of_one_client_are_equal(string one, string other)
    {
        Assert.That(Of(one), Is.EqualTo(Of(other)));
        Assert.That(Of(one).GetHashCode(), Is.EqualTo(Of(other).GetHashCode()));
    }

    [TestCase("203.0.113.7", "203.0.113.8")]
    [TestCase("2001:db8:1:2::1", "2001:db8:1:3::1")]
    [TestCase("203.0.113.7", "2001:db8::203.0.113.7")]
    public void Addresses_of_two_clients_are_not_equal(string one, string other) => Assert.That(Of(one), Is.Not.EqualTo(Of(other)));

    [TestCase("2001:db8:1:2::1", "2001:db8:1:ffff::1")]
    public void Site_is_the_first_48_bits_of_a_public_IPv6_address(string one, string other) =>
        Assert.That(Of(one).Site, Is.Not.Null.And.EqualTo(Of(other).Site).And.Not.EqualTo(Of("2001:db8:2:2::1").Site));

    [TestCase("203.0.113.7")]
    [TestCase("64:ff9b::203.0.113.7")]
    [TestCase("fd00::1")]
    [TestCase("::1")]
    public void Other_addresses_have_no_site(string address) => Assert.That(Of(address).Site, Is.Null);

    [Test]
    public void No_client_equals_all_clients_or_the_overflow()
    {
        string[] addresses = ["255.255.255.255", "0.0.0.0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "::1"];

        // The first 64 bits of the greatest address are never those of a client.
        Assert.That(
            addresses.Where(address => address[0] != 'f').Select(Of),
            Has.None.EqualTo(ClientAddress.All).And.None.EqualTo(ClientAddress.Overflow));
        Assert.That(ClientAddress.All, Is.Not.EqualTo(ClientAddress.Overflow));
    }

    private static ClientAddress Of(string address) => ClientAddress.Of(IPAddress.Parse(address));
}
