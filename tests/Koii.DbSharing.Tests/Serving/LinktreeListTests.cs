using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Serving;

/// <summary>A list whose store loses records meanwhile, and the member <c>username</c> of its elements.</summary>
public sealed class LinktreeListTests
{
    private static readonly DbSharingOptions Options = new() { TaskId = "Task1", LinktreesPerAuthor = 5_000 };

    [Test]
    public async Task List_is_cut_if_the_store_loses_a_record_after_the_entity_tag([Values] bool isGzip, [Values] bool isBeforeTheFirstPage)
    {
        SignedLinktree[] records = [.. Enumerable.Range(0, 1_200).Select(i => Samples.Linktree(1, $"u{i}", i))];
        var (store, responder) = await StartAsync(records);
        var list = await responder.OpenListAsync(ListForm.Bare);
        store.BeforeList = pages =>
        {
            if (pages == (isBeforeTheFirstPage ? 0 : 1))
                store.Lose(records[^1]);
        };

        var written = await WriteAsync(list, isGzip, fails: true);

        Assert.That(written, Does.Not.EndWith("]"));
        var next = await responder.OpenListAsync(ListForm.Bare);
        Assert.That(next.EntityTag, Is.Not.EqualTo(list.EntityTag));
        Assert.That(Uuids(await WriteAsync(next, isGzip)), Is.EqualTo(records[..^1].Select(record => record.Uuid)));
    }

    [Test]
    public async Task List_is_cut_if_the_store_fails_at_a_page_and_the_next_one_is_complete([Values] bool isGzip)
    {
        SignedLinktree[] records = [.. Enumerable.Range(0, 1_200).Select(i => Samples.Linktree(1, $"u{i}", i))];
        var (store, responder) = await StartAsync(records);
        store.BeforeList = pages =>
        {
            if (pages != 1)
                return;
            store.Lose(records[700]);
            throw new LinktreeStoreException("A row is damaged and was moved.") { IsTransient = true };
        };

        var written = await WriteAsync(await responder.OpenListAsync(ListForm.Bare), isGzip, fails: true);
        var next = await WriteAsync(await responder.OpenListAsync(ListForm.Bare), isGzip);

        Assert.That(written, Does.Not.EndWith("]"));
        Assert.That(Uuids(next), Is.EqualTo(records.Where(record => record != records[700]).Select(record => record.Uuid)));
    }

    [Test]
    public async Task List_is_complete_if_records_are_replaced_meanwhile([Values] bool isGzip)
    {
        SignedLinktree[] records = [.. Enumerable.Range(0, 1_200).Select(i => Samples.Linktree(1, $"u{i}", i))];
        var (store, responder) = await StartAsync(records);
        var list = await responder.OpenListAsync(ListForm.Bare);
        store.BeforeList = pages => store.PutAsync([Samples.Linktree(1, "u0", 10_000 + pages)]).AsTask().GetAwaiter().GetResult();

        Assert.That(await WriteAsync(list, isGzip), Does.EndWith("]"));
    }

    [TestCase("\"bob\"", "\"bob\"")]
    [TestCase("\"\\u0062ob\"", "\"bob\"")]
    [TestCase("\"a\\\"b\\\\\"", "\"a\\\"b\\\\\"")]
    [TestCase("\"Zoë 🚀\"", "\"Zoë 🚀\"")]
    [TestCase("\"\\ud800\"", "\"\\ud800\"")]
    [TestCase("\"\"", null)]
    [TestCase("7", null)]
    [TestCase("null", null)]
    [TestCase("{\"a\":\"bob\"}", null)]
    public async Task Username_is_the_signed_name(string name, string? username) =>
        await AssertUsernameAsync($$$"""{"uuid":"u","timestamp":1,"linktree":{"links":[{"linktreeAddress":"no"}],"linktreeAddress":{{{name}}}}}""", username);

    [TestCase(128, true)]
    [TestCase(129, false)]
    public async Task Username_has_at_most_128_code_units(int length, bool isWritten)
    {
        foreach (var unit in new[] { "x", "é", "\\u0001" })
        {
            var name = $"\"{string.Concat(Enumerable.Repeat(unit, length))}\"";
            await AssertUsernameAsync($$$"""{"uuid":"u","timestamp":1,"linktree":{"linktreeAddress":{{{name}}}}}""", isWritten ? name : null);
        }
    }

    [TestCase("""{"uuid":"u","timestamp":1,"linktreeAddress":"bob"}""")]
    [TestCase("""{"uuid":"u","timestamp":1,"linktree":"bob"}""")]
    [TestCase("""{"uuid":"u","timestamp":1,"linktree":["linktreeAddress"]}""")]
    [TestCase("""{"uuid":"u","timestamp":1,"linktree":{}}""")]
    [TestCase("""{"uuid":"u","timestamp":1,"linktree":{"linktreeAddress":"bob"},"deleted":true,"taskId":"Task1"}""")]
    public async Task Record_without_a_signed_name_has_no_username(string data) => await AssertUsernameAsync(data, null);

    [Test]
    public async Task Other_resources_have_no_username() =>
        await AssertUsernameAsync("""{"uuid":"u","timestamp":1,"linktree":{"linktreeAddress":"bob"}}""", null, resourceName: "profile");

    private static async Task AssertUsernameAsync(string data, string? username, string resourceName = "linktree")
    {
        var options = new DbSharingOptions { TaskId = "Task1", ResourceName = resourceName };
        var store = new InMemoryLinktreeStore(options);
        var record = Samples.Create(Samples.Author(1), Samples.Linktree().Signature, Encoding.UTF8.GetBytes(data));
        await store.PutAsync([record]);
        var responder = new LinktreeResponder(EngineWithoutPeers.Create(store, options));
        var written = Samples.Json(record);
        if (username is not null)
            written = $"{written[..^1]},\"username\":{username}}}";

        foreach (var isGzip in new[] { false, true })
        {
            Assert.That(await WriteAsync(await responder.OpenListAsync(ListForm.Bare), isGzip), Is.EqualTo($"[{written}]"));
            Assert.That(
                await WriteAsync(await responder.OpenListAsync(ListForm.KeyedByPublicKey), isGzip),
                Is.EqualTo($$"""[{"key":"{{resourceName}}:{{record.Author}}","value":{{written}}}]"""));
        }

        var newest = new MemoryStream();
        await responder.WriteNewestAsync(PipeWriter.Create(newest), record.Author);
        Assert.That(Encoding.UTF8.GetString(newest.ToArray()), Is.EqualTo(record.IsTombstone ? "[]" : written));
    }

    private static async Task<(RenewableStore Store, LinktreeResponder Responder)> StartAsync(SignedLinktree[] records)
    {
        var store = new RenewableStore(new InMemoryLinktreeStore(Options));
        await store.PutAsync(records);
        return (store, new LinktreeResponder(EngineWithoutPeers.Create(store, Options)));
    }

    private static IEnumerable<string?> Uuids(string list)
    {
        using var json = JsonDocument.Parse(list);
        return [.. json.RootElement.EnumerateArray().Select(record => record.GetProperty("data").GetProperty("uuid").GetString())];
    }

    /// <summary>Writes a list, to its end or until it fails, and returns what a reader can decode.</summary>
    private static async Task<string> WriteAsync(LinktreeList list, bool isGzip, bool fails = false)
    {
        var stream = new MemoryStream();
        var output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        Task Write() => isGzip ? list.WriteGzipAsync(output) : list.WriteAsync(output);
        if (fails)
            Assert.That(Write, Throws.InstanceOf<LinktreeStoreException>().With.Property("IsTransient").True);
        else
            await Write();
        if (!fails)
            await output.CompleteAsync();

        stream.Position = 0;
        using var reader = new StreamReader(isGzip ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        var text = new StringBuilder();
        var buffer = new char[1024];
        try
        {
            while (await reader.ReadAsync(buffer) is > 0 and var read)
                text.Append(buffer, 0, read);
        }
        catch (InvalidDataException) when (fails)
        {
            // The compressed list has no end.
        }

        return text.ToString();
    }
}
