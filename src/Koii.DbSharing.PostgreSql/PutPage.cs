using System.Diagnostics;
using Koii.DbSharing.Records;
using Koii.DbSharing.Storage;
using Npgsql;

namespace Koii.DbSharing.PostgreSql;

/// <summary>
/// A page of records as the arguments of <c>put_page</c>: columns, in turns. The first turn holds the first record of each author, the second the second of each,
/// and so on, so that the function can treat a turn as a set and still do as if record came after record.
/// </summary>
internal sealed class PutPage
{
    private const string Sql = "SELECT koii_dbsharing.put_page($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

    private readonly int[] _ends;
    private readonly int[] _places;
    private readonly byte[][] _authors, _uuids, _ids, _signatures, _datas;
    private readonly long[] _timestamps;
    private readonly bool[] _tombstones;

    internal PutPage(IReadOnlyList<SignedLinktree> linktrees)
    {
        var count = linktrees.Count;
        _places = InTurns(linktrees, out _ends);
        (_authors, _uuids, _ids, _signatures, _datas) = (new byte[count][], new byte[count][], new byte[count][], new byte[count][], new byte[count][]);
        (_timestamps, _tombstones) = (new long[count], new bool[count]);
        for (var i = 0; i < count; i++)
        {
            var linktree = linktrees[_places[i]];
            _authors[i] = linktree.Author.AsSpan().ToArray();
            _uuids[i] = Uuid.TryEncode(linktree.Uuid) ?? throw new UnreachableException("A record exists only with a uuid that can be stored (protocol §1).");
            _ids[i] = linktree.Id.AsSpan().ToArray();
            _signatures[i] = linktree.Signature.AsSpan().ToArray();
            _datas[i] = linktree.Data.ToArray();
            _timestamps[i] = linktree.Timestamp;
            _tombstones[i] = linktree.IsTombstone;
        }
    }

    /// <summary>Decides and stores, in one statement.</summary>
    internal async ValueTask<IReadOnlyList<PutOutcome>> PutAsync(
        NpgsqlConnection connection, TaskRow task, PostgreSqlStoreSettings settings, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var command = new NpgsqlCommand(Sql, connection);
        await using var end = command.ConfigureAwait(false);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = task.Number });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = settings.LinktreesPerAuthor });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = settings.MaxRecords });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = settings.MaxChangesKept });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now.ToUnixTimeMilliseconds() });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = settings.OldestChangeAt(now) });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = _ends });
        command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = _places });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = _authors });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = _uuids });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = _timestamps });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = _ids });
        command.Parameters.Add(new NpgsqlParameter<bool[]> { TypedValue = _tombstones });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = _signatures });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = _datas });
        return InOrder((short[])(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!);
    }

    /// <summary>Puts the function's answer, which is in the order of the turns, into the page's order.</summary>
    private PutOutcome[] InOrder(short[] answer)
    {
        var outcomes = new PutOutcome[answer.Length];
        for (var i = 0; i < answer.Length; i++)
            outcomes[_places[i]] = (PutOutcome)answer[i];
        return outcomes;
    }

    private static int[] InTurns(IReadOnlyList<SignedLinktree> linktrees, out int[] ends)
    {
        var turns = new int[linktrees.Count];
        var ofAuthor = new Dictionary<PublicKey, int>(turns.Length);
        var sizes = new List<int>();
        for (var place = 0; place < turns.Length; place++)
        {
            var author = linktrees[place].Author;
            var turn = turns[place] = ofAuthor.GetValueOrDefault(author);
            ofAuthor[author] = turn + 1;
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
