using System.Net;

namespace Koii.DbSharing.AspNetCore.Tests;

/// <summary><c>GET get/{publicKey}</c> (protocol §3).</summary>
public sealed class NewestEndpointTests
{
    private TestNode _node = null!;

    [SetUp]
    public async Task StartAsync() => _node = await TestNode.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _node.DisposeAsync();

    [Test]
    public async Task Newest_record_of_the_author_is_returned()
    {
        await _node.SubmitAsync(TestNode.Signed("a", TestNode.Time));
        var newest = await _node.SubmitAsync(TestNode.Signed("b", TestNode.Time + 2));
        await _node.SubmitAsync(TestNode.Signed("c", TestNode.Time + 1));
        await _node.SubmitAsync(TestNode.Signed("d", TestNode.Time + 3, author: TestNode.Signer(9)));

        Assert.That(await GetAsync(newest.Author), Is.EqualTo(TestNode.RecordJson(newest)));
    }

    [Test]
    public async Task Author_without_records_gets_an_empty_array() =>
        Assert.That(await GetAsync(TestNode.Signer(7).PublicKey), Is.EqualTo("[]"));

    [Test]
    public async Task Author_whose_newest_record_is_a_tombstone_gets_an_empty_array()
    {
        await _node.SubmitAsync(TestNode.Signed("a", TestNode.Time));
        var tombstone = await _node.SubmitAsync(TestNode.Signed("b", TestNode.Time + 1, deleted: true, taskId: TestNode.TaskId));

        Assert.That(await GetAsync(tombstone.Author), Is.EqualTo("[]"));
    }

    [TestCase("nobody")]
    [TestCase("0OIl")]
    [TestCase("1")]
    [TestCase("%3Cscript%3E")]
    [TestCase("AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9")]
    public async Task Text_that_is_not_a_key_gets_an_empty_array(string text)
    {
        using var response = await _node.GetAsync($"{TestNode.LongPath}/get/{text}");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(response.Content.Headers.ContentType!.ToString(), Is.EqualTo("application/json; charset=utf-8"));
        Assert.That(await response.Content.ReadAsStringAsync(), Is.EqualTo("[]"));
    }

    [Test]
    public async Task Head_has_no_body()
    {
        var linktree = await _node.SubmitAsync(TestNode.Signed());

        using var response = await _node.SendAsync(HttpMethod.Head, $"{TestNode.LongPath}/get/{linktree.Author}");

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.Empty);
    }

    [Test]
    public async Task Store_failure_is_a_503()
    {
        await using var node = await TestNode.StartAsync(new PagedStore(pages: 1, failingPage: 0));

        using var response = await node.GetAsync($"{TestNode.LongPath}/get/{TestNode.Signer(1).PublicKey}");

        await ProblemAssert.IsProblemAsync(response, HttpStatusCode.ServiceUnavailable, "secret");
    }

    private async Task<string> GetAsync(PublicKey author)
    {
        using var response = await _node.GetAsync($"{TestNode.LongPath}/get/{author}");
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return await response.Content.ReadAsStringAsync();
    }
}
