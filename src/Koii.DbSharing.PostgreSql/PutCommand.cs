using System.Diagnostics;
using System.Runtime.InteropServices;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// A batch of records as the arguments of <c>put_page</c>: columns, in layers (<c>_turns</c> in the script). The first
/// layer contains the first record of each author, the second layer the second record, and so on. The procedure can
/// then treat a layer as a set and still have the outcomes of one record after another. Signatures and data, which are
/// written and not compared, are one array each.
/// </summary>
internal sealed class PutCommand
{
    private const string Sql = "CALL koii_dbsharing.put_page($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, NULL)";

    /// <summary>The number of records up to the end of each layer.</summary>
    private readonly int[] _layerEnds;

    /// <summary>The index in the batch of each record, in the order of the layers.</summary>
    private readonly int[] _indexes;

    private readonly byte[][] _authors, _uuids, _ids;
    private readonly long[] _timestamps;
    private readonly bool[] _tombstones;
    private readonly byte[] _signatures, _data;

    /// <summary>
    /// Where the data of each record starts, counted from 1 as the database counts, and where the data of the last
    /// record ends.
    /// </summary>
    private readonly int[] _starts;

    internal PutCommand(IReadOnlyList<SignedLinktree> linktrees)
    {
        var count = linktrees.Count;
        _indexes = SortIntoLayers(linktrees, out _layerEnds);
        (_authors, _uuids, _ids) = (new byte[count][], new byte[count][], new byte[count][]);
        (_timestamps, _tombstones, _starts) = (new long[count], new bool[count], new int[count + 1]);
        _signatures = new byte[count * LinktreeSignature.Size];
        _data = GC.AllocateUninitializedArray<byte>(linktrees.Sum(linktree => linktree.Data.Length));
        _starts[0] = 1;
        for (var i = 0; i < count; i++)
        {
            var linktree = linktrees[_indexes[i]];
            _authors[i] = linktree.Author.AsSpan().ToArray();
            _uuids[i] = UuidBytes.TryEncode(linktree.Uuid)
                ?? throw new UnreachableException("A record exists only with a uuid that can be stored (protocol §1).");
            _ids[i] = linktree.Id.AsSpan().ToArray();
            _timestamps[i] = linktree.Timestamp;
            _tombstones[i] = linktree.IsTombstone;
            linktree.Signature.AsSpan().CopyTo(_signatures.AsSpan(i * LinktreeSignature.Size));
            linktree.Data.Span.CopyTo(_data.AsSpan(_starts[i] - 1));
            _starts[i + 1] = _starts[i] + linktree.Data.Length;
        }
    }

    /// <summary>Decides the outcomes and stores the records, in one statement.</summary>
    internal async ValueTask<IReadOnlyList<PutOutcome>> ExecuteAsync(
        NpgsqlConnection connection, TaskRow task, PostgreSqlStoreSettings settings, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Sql, connection);
        await using var end = command.ConfigureAwait(false);
        Add(task.Number);
        Add(settings.LinktreesPerAuthor);
        Add(settings.MaxRecords);
        Add(settings.MaxRetainedChanges);
        Add(now.ToUnixTimeMilliseconds());
        Add(settings.OldestChangeAt(now));
        Add(_layerEnds);
        Add(_indexes);
        Add(_authors);
        Add(_uuids);
        Add(_timestamps);
        Add(_ids);
        Add(_tombstones);
        Add(_signatures);
        Add(_data);
        Add(_starts);
        var outcomes = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);

        // NULL means that all records are unchanged.
        return outcomes is DBNull ? [.. Enumerable.Repeat(PutOutcome.Unchanged, _indexes.Length)] : InOrderOfBatch((short[])outcomes!);

        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
    }

    private PutOutcome[] InOrderOfBatch(short[] inOrderOfLayers)
    {
        var outcomes = new PutOutcome[inOrderOfLayers.Length];
        for (var i = 0; i < outcomes.Length; i++)
            outcomes[_indexes[i]] = (PutOutcome)inOrderOfLayers[i];
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
