using System.Diagnostics;
using System.Runtime.InteropServices;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// A page of records as the arguments of <c>put_page</c>: columns, in turns. The first turn holds the first record of each author, the second the second of each,
/// and so on, so that the procedure can treat a turn as a set and still do as if record came after record. Signatures and data, which are
/// written and not compared, go in one piece each.
/// </summary>
internal sealed class PutPage
{
    private const string Sql = "CALL koii_dbsharing.put_page($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, NULL)";

    /// <summary>The number of records up to the end of each turn.</summary>
    private readonly int[] _turns;

    /// <summary>The place of each record in the page.</summary>
    private readonly int[] _places;

    private readonly byte[][] _authors, _uuids, _ids;
    private readonly long[] _timestamps;
    private readonly bool[] _tombstones;
    private readonly byte[] _signatures, _datas;

    /// <summary>Where the data of each record begin, counted from 1 as the database does, and where those of the last end.</summary>
    private readonly int[] _starts;

    internal PutPage(IReadOnlyList<SignedLinktree> linktrees)
    {
        var count = linktrees.Count;
        _places = InTurns(linktrees, out _turns);
        (_authors, _uuids, _ids) = (new byte[count][], new byte[count][], new byte[count][]);
        (_timestamps, _tombstones, _starts) = (new long[count], new bool[count], new int[count + 1]);
        _signatures = new byte[count * LinktreeSignature.Size];
        _datas = GC.AllocateUninitializedArray<byte>(linktrees.Sum(linktree => linktree.Data.Length));
        _starts[0] = 1;
        for (var i = 0; i < count; i++)
        {
            var linktree = linktrees[_places[i]];
            _authors[i] = linktree.Author.AsSpan().ToArray();
            _uuids[i] = Uuid.TryEncode(linktree.Uuid) ?? throw new UnreachableException("A record exists only with a uuid that can be stored (protocol §1).");
            _ids[i] = linktree.Id.AsSpan().ToArray();
            _timestamps[i] = linktree.Timestamp;
            _tombstones[i] = linktree.IsTombstone;
            linktree.Signature.AsSpan().CopyTo(_signatures.AsSpan(i * LinktreeSignature.Size));
            linktree.Data.Span.CopyTo(_datas.AsSpan(_starts[i] - 1));
            _starts[i + 1] = _starts[i] + linktree.Data.Length;
        }
    }

    /// <summary>Decides and stores, in one statement.</summary>
    internal async ValueTask<IReadOnlyList<PutOutcome>> PutAsync(
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
        Add(_turns);
        Add(_places);
        Add(_authors);
        Add(_uuids);
        Add(_timestamps);
        Add(_ids);
        Add(_tombstones);
        Add(_signatures);
        Add(_datas);
        Add(_starts);
        var answer = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        return answer is DBNull ? AllUnchanged() : InOrder((short[])answer!);

        void Add<T>(T value) => command.Parameters.Add(new NpgsqlParameter<T> { TypedValue = value });
    }

    /// <summary>Puts the procedure's answer, which is in the order of the turns, into the page's order.</summary>
    private PutOutcome[] InOrder(short[] answer)
    {
        var outcomes = new PutOutcome[answer.Length];
        for (var i = 0; i < answer.Length; i++)
            outcomes[_places[i]] = (PutOutcome)answer[i];
        return outcomes;
    }

    private PutOutcome[] AllUnchanged()
    {
        var outcomes = new PutOutcome[_places.Length];
        Array.Fill(outcomes, PutOutcome.Unchanged);
        return outcomes;
    }

    private static int[] InTurns(IReadOnlyList<SignedLinktree> linktrees, out int[] ends)
    {
        var turns = new int[linktrees.Count];
        var ofAuthor = new Dictionary<PublicKey, int>(turns.Length);
        var sizes = new List<int>();
        for (var place = 0; place < turns.Length; place++)
        {
            ref var next = ref CollectionsMarshal.GetValueRefOrAddDefault(ofAuthor, linktrees[place].Author, out _);
            var turn = turns[place] = next++;
            if (turn == sizes.Count)
                sizes.Add(0);
            sizes[turn]++;
        }

        // Where each turn starts, moved on with each record that takes its place: in the end, where each turn ends.
        ends = new int[sizes.Count];
        for (var turn = 1; turn < ends.Length; turn++)
            ends[turn] = ends[turn - 1] + sizes[turn - 1];
        var places = new int[turns.Length];
        for (var place = 0; place < turns.Length; place++)
            places[ends[turns[place]]++] = place;
        return places;
    }
}
