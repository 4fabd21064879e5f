using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Koii.DbSharing.Tests.Nodes;

internal sealed class NodeAddressTests
{
    [TestCase("http://node.example", "http://node.example")]
    [TestCase("http://node.example/", "http://node.example")]
    [TestCase("http://node.example///", "http://node.example")]
    [TestCase("https://node.example:8443/base/", "https://node.example:8443/base")]
    [TestCase("http://node.example/a//b//", "http://node.example/a//b")]
    [TestCase("HTTP://NODE.Example:80/Path", "http://node.example/Path")]
    [TestCase("https://node.example:443", "https://node.example")]
    [TestCase("http://node.example:443", "http://node.example:443")]
    [TestCase("http://node.example:", "http://node.example")]
    [TestCase("http://node.example:080", "http://node.example")]
    [TestCase("http://node.example:65535", "http://node.example:65535")]
    [TestCase("http://node.example./x", "http://node.example/x")]
    [TestCase("http://localhost:8080", "http://localhost:8080")]
    [TestCase("http://my_service:3000", "http://my_service:3000")]
    [TestCase("http://node.example/a/./b/../c", "http://node.example/a/c")]
    [TestCase("http://node.example/..", "http://node.example")]
    [TestCase("http://node.example/%2e%2e/%7euser", "http://node.example/~user")]
    [TestCase("http://node.example/%2Fa%20b", "http://node.example/%2Fa%20b")]
    [TestCase("http://node.example/@scope", "http://node.example/@scope")]
    [TestCase("http://node.example/a;b=c,d", "http://node.example/a;b=c,d")]
    [TestCase("http://node.example/\u00fc", "http://node.example/%C3%BC")]
    [TestCase("http://B\u00dcCHER.example", "http://xn--bcher-kva.example")]
    [TestCase("http://xn--bcher-kva.example", "http://xn--bcher-kva.example")]
    [TestCase("http://127.0.0.1:80/", "http://127.0.0.1")]
    [TestCase("http://0x7f.1", "http://127.0.0.1")]
    [TestCase("http://2130706433", "http://127.0.0.1")]
    [TestCase("http://0177.0.0.1", "http://127.0.0.1")]
    [TestCase("http://127.0.0.1.", "http://127.0.0.1")]
    [TestCase("http://0x7f.1.", "http://127.0.0.1")]
    [TestCase("http://[::1]:3000", "http://[::1]:3000")]
    [TestCase("http://[0:0:0:0:0:0:0:1]", "http://[::1]")]
    [TestCase("http://[2001:DB8::A]/", "http://[2001:db8::a]")]
    [TestCase("http://[::ffff:127.0.0.1]", "http://[::ffff:127.0.0.1]")]
    public void Address_has_one_spelling(string text, string url)
    {
        Assert.That(NodeAddress.TryParse(text, out var address), Is.True);
        Assert.That(address!.Url, Is.EqualTo(url));
        Assert.That(NodeAddress.Parse(url), Is.EqualTo(address), "the normal form is an address and stays itself");
        Assert.That(address.ToString(), Is.EqualTo(url));
    }

    [TestCase(null)]
    [TestCase("")]
    [TestCase("undefined")]
    [TestCase("node.example")]
    [TestCase("localhost:8080")]
    [TestCase("/nodes")]
    [TestCase("//node.example")]
    [TestCase("//\u202e")]
    [TestCase("http://node\u202e.example")]
    [TestCase("ftp://node.example")]
    [TestCase("ws://node.example")]
    [TestCase("file:///etc/passwd")]
    [TestCase("javascript:alert(1)")]
    [TestCase("http:")]
    [TestCase("http://")]
    [TestCase("http:node.example")]
    [TestCase("http:/node.example")]
    [TestCase("http:///node.example")]
    [TestCase("http:\\\\node.example")]
    [TestCase("http://node.example\\a")]
    [TestCase("http://node.example/a\\b")]
    [TestCase("http://user@node.example")]
    [TestCase("http://user:password@node.example")]
    [TestCase("http://@node.example")]
    [TestCase("http://:@node.example")]
    [TestCase("http://node.example?")]
    [TestCase("http://node.example/?a=b")]
    [TestCase("http://node.example#")]
    [TestCase("http://node.example/a#b")]
    [TestCase(" http://node.example")]
    [TestCase("http://node.example ")]
    [TestCase("http://node.example/a b")]
    [TestCase("http://node.example/a\tb")]
    [TestCase("http://node.example/a\r\nHost: x")]
    [TestCase("http://node.example/\u0000")]
    [TestCase("http://node.example/\u007f")]
    [TestCase("http://node.example:0")]
    [TestCase("http://node.example:65536")]
    [TestCase("http://node.example:-1")]
    [TestCase("http://node.example:+80")]
    [TestCase("http://node.example:80a")]
    [TestCase("http://.")]
    [TestCase("http://..")]
    [TestCase("http://node..example")]
    [TestCase("http://node.example..")]
    [TestCase("http://-node.example")]
    [TestCase("http://*")]
    [TestCase("http://a,b")]
    [TestCase("http://n%6fde.example")]
    [TestCase("http://user%40node.example")]
    [TestCase("http://[::1")]
    [TestCase("http://[::1]a")]
    [TestCase("http://[fe80::1%25eth0]")]
    [TestCase("http://[fe80::1%eth0]")]
    [TestCase("http://[v1.a]")]
    [TestCase("http://xn--\u00fc.example")]
    public void What_is_no_plain_http_url_is_no_address(string? text)
    {
        Assert.That(NodeAddress.TryParse(text, out var address), Is.False);
        Assert.That(address, Is.Null);
    }

    [Test]
    public void Length_is_bounded_as_it_comes_and_in_normal_form()
    {
        const string start = "http://node.example/";
        var longest = start + new string('a', NodeAddress.MaxLength - start.Length);

        Assert.That(NodeAddress.TryParse(longest, out _), Is.True);
        Assert.That(NodeAddress.TryParse(longest + "a", out _), Is.False);
        Assert.That(NodeAddress.TryParse(start + new string('\u00fc', 500), out _), Is.False, "it takes six characters for each when it is escaped");
        Assert.That(NodeAddress.TryParse($"http://{new string('a', 64)}.example", out _), Is.False, "no label of a name has more than 63");
    }

    [Test]
    public void Exception_of_parse_names_the_form_that_is_required() =>
        Assert.That(() => NodeAddress.Parse("undefined"), Throws.InstanceOf<FormatException>().With.Message.Contains("'undefined'").And.Message.Contains("http or https"));

    [Test]
    public void No_text_makes_it_throw_and_every_address_stays_itself()
    {
        // Pieces that URLs are made of, put together at random, reach further than random characters.
        string[] pieces =
        [
            "http", "https", "://", ":", "/", "//", ".", "..", "@", "%", "%2e", "%25", "?", "#", "[", "]", "::1", "0x7f", "1", "256", "65536", "a", "A", "xn--", "-", "_", " ", "\\",
            "\u00fc", "\u00df", "\u3002", "\uff11", "\u200d", "\u0130", "\u212a", "\ud800", "\udc00", "\U0001f600", "\ufffd", "\u202e", "\0", "\t", new string('a', 64),
        ];
        var text = Gen.Elements(pieces).ListOf().Select(list => string.Concat(list));
        var url = text.Select(rest => "http://" + rest);

        Prop.ForAll(Gen.OneOf(text, url, url).ToArbitrary(), candidate =>
        {
            if (!NodeAddress.TryParse(candidate, out var address))
                return true;
            return NodeAddress.TryParse(address.Url, out var again) && again == address && Ascii.IsValid(address.Url) && new Uri(address.Url).AbsoluteUri.TrimEnd('/') == address.Url;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(5_000));
    }
}
