using System.IO.Compression;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Koii.DbSharing.StoreContract;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Serving;

/// <summary>Which records of an author carry the username, where an author has several.</summary>
public sealed class UsernameTests
{
    private static readonly DbSharingOptions Options = new() { TaskId = "Task1", LinktreesPerAuthor = 4, MaxRetainedChanges = 50 };

    [Test]
    public async Task Newest_record_of_an_author_carries_it_alone()
    {
        var (store, responder) = Start();
        await store.PutAsync([Profile(1, "a", 1), Profile(1, "b", 2), Profile(2, "a", 3)]);
        Assert.That(await NamesAsync(responder), Is.EqualTo(new[] { "1", "1: 1.b", "2: 2.a" }));

        await store.PutAsync([Profile(1, "c", 4)]);
        Assert.That(await NamesAsync(responder), Is.EqualTo(new[] { "1", "1", "2: 2.a", "1: 1.c" }));
    }

    [Test]
    public async Task Older_record_carries_it_when_the_newest_is_deleted()
    {
        var (store, responder) = Start();
        await store.PutAsync([Profile(1, "a", 1), Profile(1, "b", 2)]);
        await NamesAsync(responder);

        await store.PutAsync([Profile(1, "b", 3, deleted: true)]);

        Assert.That(await NamesAsync(responder), Is.EqualTo(new[] { "1: 1.a", "1" }));
    }

    [Test]
    public async Task Failure_of_the_store_is_made_up_by_the_next_list()
    {
        var inner = new InMemoryLinktreeStore(Options);
        var store = new RenewableStore(inner);
        var responder = new LinktreeResponder(EngineWithoutPeers.Create(store, Options));
        await store.PutAsync([Profile(1, "a", 1), Profile(1, "b", 2)]);
        await NamesAsync(responder);
        await store.PutAsync([Profile(1, "b", 3, deleted: true)]);
        store.BeforeList = _ => throw new LinktreeStoreException("The disk failed.");
        Assert.That(() => responder.OpenListAsync(ListForm.Bare).AsTask(), Throws.InstanceOf<LinktreeStoreException>());
        store.BeforeList = null;

        Assert.That(await NamesAsync(responder), Is.EqualTo(new[] { "1: 1.a", "1" }));
    }

    [Test]
    public async Task Store_without_a_change_feed_has_none_in_its_lists()
    {
        var store = new DictionaryStore(Options);
        await store.PutAsync([Profile(1, "a", 1)]);
        var responder = new LinktreeResponder(EngineWithoutPeers.Create(store, Options));

        Assert.That(Names(await WriteAsync(await responder.OpenListAsync(ListForm.Bare), isGzip: false)), Is.EqualTo(new[] { "1" }));
        var newest = new MemoryStream();
        await responder.WriteNewestAsync(PipeWriter.Create(newest), Samples.Author(1));
        Assert.That(Encoding.UTF8.GetString(newest.ToArray()), Does.Contain("\"username\":\"1.a\""));
    }

    [Test]
    public void Lists_follow_the_rule_after_any_history() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(50),
        Prop.ForAll(
            Arb.From(Gen.ListOf(Gen.Choose(0, int.MaxValue - 1))),
            steps =>
            {
                var (store, responder) = Start();
                return RunAsync().GetAwaiter().GetResult();

                async Task<bool> RunAsync()
                {
                    foreach (var step in steps)
                    {
                        var random = new Random(step);
                        await store.PutAsync([.. Enumerable.Range(0, random.Next(1, 60)).Select(
                            _ => Profile(random.Next(20), $"u{random.Next(6)}", random.Next(1000), deleted: random.Next(4) == 0))]);
                        var held = (await store.ListAsync(new LinktreeQuery { IncludeTombstones = true, Limit = 10_000 })).Linktrees;
                        var newest = held.Where(record => !record.IsTombstone).GroupBy(record => record.Author).Select(records => records.Last()).ToHashSet();
                        var expected = held.Select(record => Name(record, newest.Contains(record)));
                        if (!(await NamesAsync(responder)).SequenceEqual(expected))
                            return false;
                    }

                    return true;
                }
            }));

    private static (InMemoryLinktreeStore Store, LinktreeResponder Responder) Start()
    {
        var store = new InMemoryLinktreeStore(Options);
        return (store, new LinktreeResponder(EngineWithoutPeers.Create(store, Options)));
    }

    private static SignedLinktree Profile(int author, string uuid, long timestamp, bool deleted = false)
    {
        var tombstone = deleted ? ",\"deleted\":true,\"taskId\":\"Task1\"" : "";
        var data = $$$"""{"uuid":"{{{uuid}}}","linktree":{"name":"{{{author}}}","linktreeAddress":"{{{author}}}.{{{uuid}}}"}{{{tombstone}}},"timestamp":{{{timestamp}}}}""";
        return Samples.Create(Samples.Author(author), Samples.Linktree().Signature, Encoding.UTF8.GetBytes(data));
    }

    private static string Name(SignedLinktree record, bool hasUsername)
    {
        using var data = JsonDocument.Parse(record.Data);
        var profile = data.RootElement.GetProperty("linktree");
        return $"{profile.GetProperty("name")}{(hasUsername ? $": {profile.GetProperty("linktreeAddress")}" : "")}";
    }

    /// <summary>Author and username of each element, which are the same in all forms of the list.</summary>
    private static async Task<string[]> NamesAsync(LinktreeResponder responder)
    {
        var names = Names(await WriteAsync(await responder.OpenListAsync(ListForm.Bare), isGzip: true));
        Assert.That(Names(await WriteAsync(await responder.OpenListAsync(ListForm.Bare), isGzip: false)), Is.EqualTo(names));
        Assert.That(Names(await WriteAsync(await responder.OpenListAsync(ListForm.KeyedByPublicKey), isGzip: true)), Is.EqualTo(names));
        return names;
    }

    private static string[] Names(string list)
    {
        using var json = JsonDocument.Parse(list);
        return [.. json.RootElement.EnumerateArray().Select(element => element.TryGetProperty("value", out var value) ? value : element).Select(
            record => $"{record.GetProperty("data").GetProperty("linktree").GetProperty("name")}"
                + (record.TryGetProperty("username", out var username) ? $": {username}" : ""))];
    }

    private static async Task<string> WriteAsync(LinktreeList list, bool isGzip)
    {
        var stream = new MemoryStream();
        var output = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        await (isGzip ? list.WriteGzipAsync(output) : list.WriteAsync(output));
        await output.CompleteAsync();
        stream.Position = 0;
        using var reader = new StreamReader(isGzip ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        return await reader.ReadToEndAsync();
    }
}
