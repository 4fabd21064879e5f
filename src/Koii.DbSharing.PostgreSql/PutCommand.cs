using System.Runtime.InteropServices;
using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// A batch of records as the arguments of <c>put_page</c>: columns, in layers (<c>_layers</c> in the script). The first
/// layer contains the first record of each author, the second layer the second record, and so on. The procedure can
/// then treat a layer as a set and still have the outcomes of one record after another.
/// </summary>
internal sealed class PutCommand
{
    private const string Sql =
        "CALL koii_dbsharing.put_page($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, NULL)";

    /// <summary>The outcome of the procedure for a record whose id a row has that is not equal to it.</summary>
    private const PutOutcome UnchangedUnlessDamaged = (PutOutcome)5;

    private const int FixedSize = PublicKey.Size + LinktreeId.Size + LinktreeSignature.Size;

    /// <summary>The records in the order of the layers.</summary>
    private readonly SignedLinktree[] _linktrees;

    /// <summary>The number of records up to the end of each layer.</summary>
    private readonly int[] _layerEnds;

    /// <summary>The index in the batch of each record, in the order of the layers.</summary>
    private readonly int[] _indexes;

    private readonly long[] _timestamps, _checksums;
    private readonly int[] _keyChecksums;
    private readonly bool[] _tombstones;

    /// <summary>Author, id and signature of each record.</summary>
    private readonly byte[] _fixed;

    /// <summary>Uuid and data of each record.</summary>
    private readonly byte[] _texts;
    private readonly int _textSize;

    /// <summary>
    /// Where the uuid and the data of each record start, counted from 1 as the database counts, and where the data of
    /// the last record ends.
    /// </summary>
    private readonly int[] _starts;

    private readonly bool _isDistinct;

    internal PutCommand(IReadOnlyList<SignedLinktree> linktrees)
    {
        var count = linktrees.Count;
        _indexes = SortIntoLayers(linktrees, out _layerEnds);
        _linktrees = new SignedLinktree[count];
        (_timestamps, _checksums, _keyChecksums) = (new long[count], new long[count], new int[count]);
        (_tombstones, _starts) = (new bool[count], new int[(2 * count) + 1]);
        _fixed = GC.AllocateUninitializedArray<byte>(count * FixedSize);
        _texts = GC.AllocateUninitializedArray<byte>(linktrees.Sum(linktree => (3 * linktree.Uuid.Length) + linktree.Data.Length));
        var end = 0;
        for (var i = 0; i < count; i++)
        {
            var linktree = _linktrees[i] = linktrees[_indexes[i]];
            var row = _fixed.AsSpan(i * FixedSize, FixedSize);
            linktree.Author.AsSpan().CopyTo(row);
            linktree.Id.AsSpan().CopyTo(row[PublicKey.Size..]);
            linktree.Signature.AsSpan().CopyTo(row[(PublicKey.Size + LinktreeId.Size)..]);
            _timestamps[i] = linktree.Timestamp;
            _tombstones[i] = linktree.IsTombstone;

            _starts[2 * i] = end + 1;
            var uuidSize = UuidBytes.Encode(linktree.Uuid, _texts.AsSpan(end));
            _checksums[i] = LinktreeChecksum.Compute(linktree);
            _keyChecksums[i] = KeyChecksum.Compute(
                row[..(PublicKey.Size + LinktreeId.Size)], _texts.AsSpan(end, uuidSize), linktree.Timestamp, linktree.IsTombstone);
            end += uuidSize;
            _starts[(2 * i) + 1] = end + 1;
            linktree.Data.Span.CopyTo(_texts.AsSpan(end));
            end += linktree.Data.Length;
        }

        _starts[2 * count] = end + 1;
        _textSize = end;

        // The identities of different authors differ, so one layer needs no comparison.
        _isDistinct = _layerEnds.Length == 1 || linktrees.Select(linktree => linktree.Key).Distinct().Count() == count;
    }

    /// <summary>
    /// Decides the outcomes and stores the records, in one statement. Records that stored rows of their authors prevent
    /// from being stored are put again if such a row is damaged.
    /// </summary>
    internal async ValueTask<IReadOnlyList<PutOutcome>> ExecuteAsync(
        NpgsqlConnection connection,
        TaskRow task,
        IndexKeys keys,
        PostgreSqlStoreSettings settings,
        long? now,
        DamagedRows damaged,
        CancellationToken cancellationToken)
    {
        var outcomes = await PutPageAsync(connection, task, keys, settings, now, cancellationToken).ConfigureAwait(false);
        if (outcomes is null)
            return [.. Enumerable.Repeat(PutOutcome.Unchanged, _indexes.Length)]; // All rows were equal to the records.

        var prevented = Enumerable.Range(0, outcomes.Length).Where(i => outcomes[i] is PutOutcome.Superseded or UnchangedUnlessDamaged).ToArray();
        if (prevented.Length > 0)
        {
            var again = Array.ConvertAll(prevented, i => _linktrees[i]);
            var count = await damaged.MoveOfAuthorsAsync(again.Select(linktree => linktree.Author), cancellationToken).ConfigureAwait(false);
            var next = count == 0
                ? null
                : await new PutCommand(again).ExecuteAsync(connection, task, keys, settings, now, damaged, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < prevented.Length; i++)
            {
                ref var outcome = ref outcomes[prevented[i]];
                outcome = next?[i] ?? (outcome is UnchangedUnlessDamaged ? PutOutcome.Unchanged : outcome);
            }
        }

        return InOrderOfBatch(outcomes);
    }

    /// <summary>Returns the outcomes in the order of the layers, or <see langword="null"/> if all are unchanged.</summary>
    private async ValueTask<PutOutcome[]?> PutPageAsync(
        NpgsqlConnection connection,
        TaskRow task,
        IndexKeys keys,
        PostgreSqlStoreSettings settings,
        long? now,
        CancellationToken cancellationToken)
    {
        var (identities, prefixes) = (new long[_linktrees.Length], new long[_linktrees.Length]);
        for (var i = 0; i < identities.Length; i++)
        {
            var start = _starts[2 * i] - 1;
            identities[i] = keys.Identity(_linktrees[i].Author, _texts.AsSpan(start, _starts[(2 * i) + 1] - 1 - start));
            prefixes[i] = keys.Prefix(_linktrees[i].Id);
        }

        var command = new NpgsqlCommand(Sql, connection);
        await using var end = command.ConfigureAwait(false);
        Add(task.Number);
        Add(settings.LinktreesPerAuthor);
        Add(settings.Bounds.MaxRecords);
        Add(settings.Bounds.MaxBytes);
        Add((long)settings.MaxRetainedChanges);
        Add(settings.MaxClockSkewMilliseconds);
        Add(settings.ChangeRetentionMilliseconds);
        command.Parameters.Add(PostgreSqlDatabase.Parameter(now));
        Add(_layerEnds);
        Add(_indexes);
        Add(_isDistinct);
        Add(_timestamps);
        Add(identities);
        Add(prefixes);
        Add(_checksums);
        Add(_keyChecksums);
        Add(_tombstones);
        Add(_fixed);
        Add(_texts.AsMemory(0, _textSize));
        Add(_starts);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is short[] outcomes
            ? Array.ConvertAll(outcomes, outcome => (PutOutcome)outcome)
            : null;

        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
    }

    private PutOutcome[] InOrderOfBatch(PutOutcome[] inOrderOfLayers)
    {
        var outcomes = new PutOutcome[inOrderOfLayers.Length];
        for (var i = 0; i < outcomes.Length; i++)
            outcomes[_indexes[i]] = inOrderOfLayers[i];
        return outcomes;
    }

    private static int[] SortIntoLayers(IReadOnlyList<SignedLinktree> linktrees, out int[] ends)
    {
        var layers = new int[linktrees.Count];
        var nextLayers = new Dictionary<PublicKey, int>(layers.Length);
        var sizes = new List<int>();
        for (var index = 0; index < layers.Length; index++)
        {
            ref var nextLayer = ref CollectionsMarshal.GetValueRefOrAddDefault(nextLayers, linktrees[index].Author, out _);
            var layer = layers[index] = nextLayer++;
            if (layer == sizes.Count)
                sizes.Add(0);
            sizes[layer]++;
        }

        // Initially the start of each layer; each record that is placed advances it, so that it is the layer's end at
        // last.
        ends = new int[sizes.Count];
        for (var layer = 1; layer < ends.Length; layer++)
            ends[layer] = ends[layer - 1] + sizes[layer - 1];
        var indexes = new int[layers.Length];
        for (var index = 0; index < layers.Length; index++)
            indexes[ends[layers[index]]++] = index;
        return indexes;
    }
}
