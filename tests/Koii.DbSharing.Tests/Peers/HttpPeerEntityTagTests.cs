using Koii.DbSharing.Peers;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Peers;

internal sealed class HttpPeerEntityTagTests : PeerClientFixture
{
    private const string Tag = "W/\"5-abc\"";

    [Test]
    public async Task Unchanged_list_is_answered_without_a_body()
    {
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(
            exchange.Request.Headers.GetValueOrDefault("If-None-Match") == Tag
                ? Answers.NotModified(Tag)
                : Answers.Json("[]", $"ETag: {Tag}\r\n")));

        var tag = (await PullAsync(peer))[^1].EntityTag;
        var again = (await PullAsync(peer, tag)).Single();

        Assert.That(tag, Is.EqualTo($"all:{Tag}"));
        Assert.That(again.NotModified, Is.True);
        Assert.That((again.Failure, again.EntityTag, again.BytesReceived), Is.EqualTo(((PeerFailure?)null, (string?)null, 0L)));
    }

    [Test]
    public async Task Tag_goes_only_to_the_path_it_came_from()
    {
        var hasAll = true;
        await using var peer = LoopbackPeer.Start(exchange => exchange.WriteAsync(
            exchange.Request.Path.EndsWith("/all", StringComparison.Ordinal) && !hasAll ? Answers.Status("404 Not Found") : Answers.Json("[]", $"ETag: {Tag}\r\n")));
        var tag = (await PullAsync(peer))[^1].EntityTag;
        hasAll = false;

        var fromList = (await PullAsync(peer, tag))[^1];

        Assert.That(peer.Requests.Select(request => (request.Path[^4..], request.Headers.GetValueOrDefault("If-None-Match"))),
            Is.EqualTo(((string, string?)[])[("/all", null), ("/all", Tag), ("list", null)]));
        Assert.That(fromList.NotModified, Is.False);
        Assert.That(fromList.EntityTag, Is.EqualTo($"list:{Tag}"));
    }

    [Test]
    public async Task Tag_of_a_forgotten_peer_leads_to_the_path_it_came_from()
    {
        await using var peer = LoopbackPeer.Serve(("/list", Answers.Json("[]")));

        await PullAsync(peer, $"list:{Tag}");

        Assert.That(peer.Requests.Single().Path, Does.EndWith("/list"));
        Assert.That(peer.Requests.Single().Headers["If-None-Match"], Is.EqualTo(Tag));
    }

    [Test]
    public async Task Cut_list_gives_no_tag()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[1", $"ETag: {Tag}\r\n")));

        var page = (await PullAsync(peer))[^1];

        Assert.That(page.EntityTag, Is.Null);
        Assert.That(page.Failure?.Kind, Is.EqualTo(PeerFailureKind.Interrupted));
    }

    [TestCase("abc")]
    [TestCase("\"abc")]
    [TestCase("*")]
    [TestCase("W/*")]
    [TestCase("\"a\"b\"")]
    [TestCase("\"a b\"")]
    [TestCase("\"\u00e4\"")]
    public async Task Header_that_is_not_an_entity_tag_is_ignored(string tag)
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]", $"ETag: {tag}\r\n")));

        var page = (await PullAsync(peer))[^1];

        Assert.That((page.EntityTag, page.Failure), Is.EqualTo(((string?)null, (PeerFailure?)null)));
    }

    [Test]
    public async Task Tag_that_is_too_long_is_ignored()
    {
        await using var peer = LoopbackPeer.Serve(("/all", Answers.Json("[]", $"ETag: \"{new string('a', 300)}\"\r\n")));

        Assert.That((await PullAsync(peer))[^1].EntityTag, Is.Null);
    }

    [TestCase("all:W/\"x\"", "all", "W/\"x\"")]
    [TestCase("list:\"\"", "list", "\"\"")]
    public void Tag_with_its_path_is_parsed(string text, string path, string tag) =>
        Assert.That(ListEntityTag.TryParse(text, out var parsed) ? parsed : default, Is.EqualTo(new ListEntityTag(path, tag)));

    [TestCase(null)]
    [TestCase("")]
    [TestCase("W/\"x\"")]
    [TestCase("other:\"x\"")]
    [TestCase("all:x")]
    [TestCase("all:\"x\r\n\"")]
    public void Text_from_another_source_is_not_sent(string? text) => Assert.That(ListEntityTag.TryParse(text, out _), Is.False);
}
