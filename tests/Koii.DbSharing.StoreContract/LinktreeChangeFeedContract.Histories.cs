using Koii.DbSharing.Storage;
using Koii.DbSharing.TestSupport;
using static Koii.DbSharing.TestSupport.Samples;

namespace Koii.DbSharing.StoreContract;

public abstract partial class LinktreeChangeFeedContract<TStore>
{
    [Test]
    public void Readers_from_every_position_get_the_state_or_start_again_when_they_must() =>
        CheckHistories((stores, _, _) => ValueTask.FromResult(stores[^1]));

    /// <summary>Runs random histories.</summary>
    /// <param name="move">
    /// Returns the store to continue with, given the stores that were opened, the last of which was used before.
    /// </param>
    private protected void CheckHistories(Func<IReadOnlyList<TStore>, DbSharingOptions, TimeProvider, ValueTask<TStore>> move) =>
        FeedHistory.Check(Deliveries, async history =>
        {
            var run = new Run(history);
            List<TStore> stores = [await CreateUntrackedAsync(run.Options, run.Clock)];
            try
            {
                await run.StartAsync(stores[0]);
                foreach (var step in history.Steps)
                {
                    if (step is FeedHistory.Move)
                    {
                        var next = await move(stores, run.Options, run.Clock);
                        stores.Remove(next);
                        stores.Add(next);
                    }
                    else
                    {
                        await run.StepAsync(stores[^1], step);
                    }
                }

                await run.ReadToEndFromEveryPositionAsync(stores[^1]);
                return true;
            }
            finally
            {
                foreach (var store in stores)
                    await DisposeAsync(store);
            }
        });

    /// <summary>A history while it runs, in comparison with the models.</summary>
    private sealed class Run
    {
        private static readonly TimeSpan Retention = TimeSpan.FromHours(1);

        private readonly ChangeFeedModel _model;
        private readonly List<SignedLinktree> _received = [];

        // A reader for each position that was returned.
        private readonly List<Reader> _readers = [];

        // It starts before the first change and reads after each put, and so misses nothing.
        private (ChangePosition Position, StoredVersions Versions) _follower;

        public Run(FeedHistory history)
        {
            Options = Samples.Options(history.LinktreesPerAuthor);
            Options.MaxRetainedChanges = history.MaxRetainedChanges;
            Options.ChangeRetention = Retention;
            _model = new ChangeFeedModel(history.MaxRetainedChanges, Retention);
        }

        public FakeClock Clock { get; } = new();

        public DbSharingOptions Options { get; }

        public async Task StartAsync(TStore store) =>
            _follower = ((await store.ReadChangesAsync(ChangePosition.Latest, 1)).Next, new StoredVersions());

        public async Task StepAsync(TStore store, FeedHistory.Step step)
        {
            switch (step)
            {
                case FeedHistory.Put put:
                    await PutAsync(store, put.Batch);
                    break;
                case FeedHistory.Age:
                    // Two steps are within the retention, three are not.
                    Clock.Advance(Retention * 0.4);
                    await PutAsync(store, [Create(author: 9, timestamp: _received.Count)]);
                    break;
                case FeedHistory.StartAtEnd:
                    var end = await store.ReadChangesAsync(ChangePosition.Latest, 1);
                    Assert.That((end.IsTrimmed, end.Changes), Is.EqualTo((false, Array.Empty<LinktreeChange>())));
                    _readers.Add(new Reader(end.Next, _model.Last, _model.Last, _follower.Versions));
                    break;
                case FeedHistory.Read read:
                    await ReadAsync(store, read.Back < _readers.Count ? _readers[^(read.Back + 1)] : FromStart(), read.Limit);
                    break;
            }
        }

        public async Task ReadToEndFromEveryPositionAsync(TStore store)
        {
            await ReadToEndAsync(store, FromStart(), 1);
            foreach (var reader in _readers.ToArray())
                await ReadToEndAsync(store, reader, 40);
        }

        private async Task PutAsync(TStore store, SignedLinktree[] batch)
        {
            var outcomes = await store.PutAsync(batch);
            _received.AddRange(batch);

            var page = await store.ReadChangesAsync(_follower.Position, int.MaxValue);
            Assert.That(page.IsTrimmed, Is.False, "a reader that follows misses nothing");
            Assert.That(
                page.Changes.Count(change => change.Added is not null),
                Is.EqualTo(outcomes.Count(outcome => outcome is PutOutcome.Inserted or PutOutcome.Replaced)));
            _follower = (page.Next, _follower.Versions.With(page.Changes));
            Assert.That(_follower.Versions.Ascending, Is.EqualTo(State));
            _model.Append(page.Changes, Clock.GetUtcNow());
        }

        private async Task ReadToEndAsync(TStore store, Reader reader, int limit)
        {
            for (var pages = 0; reader.Read < _model.Last || reader.Position == ChangePosition.Start; pages++)
            {
                Assert.That(pages, Is.LessThanOrEqualTo(_model.Last + 1), "a reader ends when nothing is written");
                reader = await ReadAsync(store, reader, limit);
            }

            Assert.That(reader.Versions.Ascending, Is.EqualTo(State));
        }

        private async Task<Reader> ReadAsync(TStore store, Reader reader, int limit)
        {
            var page = await store.ReadChangesAsync(reader.Position, limit);
            Reader next;
            if (reader.Position != ChangePosition.Start && _model.HasMissedChanges(reader.Head))
            {
                Assert.That((page.IsTrimmed, page.Changes), Is.EqualTo((true, Array.Empty<LinktreeChange>())), $"{reader} must start again");
                next = FromStart() with { Position = page.Next };
            }
            else
            {
                var (changes, read) = _model.Read(reader.Read, reader.Head, limit);
                Assert.That(page.IsTrimmed, Is.False, $"{reader} has missed nothing");
                Assert.That(page.Changes, Is.EqualTo(changes), $"{reader}");
                next = new Reader(page.Next, read, Math.Max(read, reader.Head), reader.Versions.With(changes));
            }

            _readers.Add(next);
            return next;
        }

        private Reader FromStart() => new(ChangePosition.Start, 0, _model.Last, new StoredVersions());

        private IEnumerable<LinktreeVersion> State =>
            LinktreeModel.StateAfter(_received, Options.LinktreesPerAuthor).Select(record => record.Version);
    }

    /// <summary>A reader: its position, the numbers of changes that belong to it, and the sum of what it was told.</summary>
    private sealed record Reader(ChangePosition Position, int Read, int Head, StoredVersions Versions);
}
