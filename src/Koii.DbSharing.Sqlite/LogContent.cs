using System.Buffers.Binary;
using System.Numerics;

namespace Koii.DbSharing.Sqlite;

/// <summary>What a write-ahead log has, by the file format of SQLite, and how much of it SQLite reads.</summary>
/// <param name="Transactions">The committed transactions that SQLite reads.</param>
/// <param name="LostTransactions">
/// The committed transactions after the first place at which a checksum does not match, where SQLite ends the log. The last one may
/// have been in progress when the machine stopped.
/// </param>
internal readonly record struct LogContent(int Transactions, int LostTransactions)
{
    private const int HeaderSize = 32;

    private const int FrameHeaderSize = 24;

    /// <summary>Without its lowest bit, which is 1 if checksums are of big-endian words.</summary>
    private const uint Magic = 0x377F0682;

    /// <summary>Reads a log that no connection changes meanwhile.</summary>
    internal static LogContent Read(string path, CancellationToken cancellationToken)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var header = new byte[HeaderSize];
        if (file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize)
            return default;

        var magic = BinaryPrimitives.ReadUInt32BigEndian(header);
        var pageSize = BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(8));
        var checksum = new Checksum(isBigEndian: (magic & 1) == 1);
        checksum.Add(header.AsSpan(0, 24));
        var isIntact = (magic & ~1u) == Magic && checksum.Matches(header.AsSpan(24));

        // With a damaged header, the frames still show what the log had.
        if (pageSize is < 512 or > 65536 || !BitOperations.IsPow2(pageSize))
            pageSize = SqliteDatabase.PageSize;
        var salts = isIntact ? header[16..24] : null;
        var frame = new byte[FrameHeaderSize + pageSize];
        var (transactions, lost) = (0, 0);
        while (file.ReadAtLeast(frame, frame.Length, throwOnEndOfStream: false) == frame.Length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var saltsOfFrame = frame.AsSpan(8, 8);
            salts ??= saltsOfFrame.ToArray();

            // A log that starts over has new salts. What follows its end is older.
            var isOfLog = saltsOfFrame.SequenceEqual(salts);
            if (isIntact && isOfLog)
            {
                checksum.Add(frame.AsSpan(0, 8));
                checksum.Add(frame.AsSpan(FrameHeaderSize));
                isIntact = checksum.Matches(frame.AsSpan(16));
            }
            else
            {
                isIntact = false;
            }

            // The last frame of a transaction has the size of the database after it.
            var isCommit = BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(4)) != 0;
            transactions += isCommit && isIntact ? 1 : 0;
            lost += isCommit && !isIntact && isOfLog ? 1 : 0;
        }

        return new LogContent(transactions, lost);
    }

    private struct Checksum(bool isBigEndian)
    {
        private uint _first, _second;

        public void Add(ReadOnlySpan<byte> bytes)
        {
            for (; bytes.Length >= 8; bytes = bytes[8..])
            {
                _first += Read(bytes) + _second;
                _second += Read(bytes[4..]) + _first;
            }
        }

        public readonly bool Matches(ReadOnlySpan<byte> expected) =>
            BinaryPrimitives.ReadUInt32BigEndian(expected) == _first && BinaryPrimitives.ReadUInt32BigEndian(expected[4..]) == _second;

        private readonly uint Read(ReadOnlySpan<byte> word) =>
            isBigEndian ? BinaryPrimitives.ReadUInt32BigEndian(word) : BinaryPrimitives.ReadUInt32LittleEndian(word);
    }
}
