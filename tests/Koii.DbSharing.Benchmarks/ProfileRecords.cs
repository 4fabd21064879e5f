using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Koii.DbSharing.Benchmarks;

/// <summary>
/// Records of the shape and size of real profiles, each of another author, and the same in every run: whatever varies is drawn from SHA-256 of the record's number.
/// </summary>
internal static class ProfileRecords
{
    private const long FirstTimestamp = 1_700_000_000_000;

    /// <summary>Records with valid signatures, made on all cores.</summary>
    internal static SignedLinktree[] Sign(int count)
    {
        var records = new SignedLinktree[count];
        Parallel.For(0, count, number =>
        {
            using var author = LinktreeSigner.FromSeed(Draw(number, "author"u8));
            records[number] = author.Sign(DataJson(number));
        });
        return records;
    }

    /// <summary>Records whose keys and signatures are only bytes, for what does not look at them.</summary>
    internal static SignedLinktree[] Forge(int count)
    {
        var records = new SignedLinktree[count];
        for (var number = 0; number < count; number++)
        {
            var author = new PublicKey(Draw(number, "author"u8));
            var signature = new LinktreeSignature([.. Draw(number, "signature R"u8), .. Draw(number, "signature S"u8)]);
            records[number] = SignedLinktree.TryCreate(author, signature, DataJson(number), out var record, out var reason)
                ? record
                : throw new InvalidOperationException($"Record {number} is not well formed: {reason}.");
        }

        return records;
    }

    /// <summary>The same record as if it had been written after all others, at a second of its own.</summary>
    internal static SignedLinktree Later(SignedLinktree record, int seconds)
    {
        var time = FirstTimestamp + (1L << 32) + (1_000L * seconds);
        var data = Encoding.UTF8.GetString(record.Data.Span).Replace($"\"timestamp\":{record.Timestamp}", $"\"timestamp\":{time}", StringComparison.Ordinal);
        return SignedLinktree.TryCreate(record.Author, record.Signature, Encoding.UTF8.GetBytes(data), out var later, out var reason)
            ? later
            : throw new InvalidOperationException($"The record is not well formed: {reason}.");
    }

    /// <summary>The record of that number, written and signed anew by its author after all others, at a second of its own.</summary>
    internal static SignedLinktree SignLater(int number, int seconds)
    {
        using var author = LinktreeSigner.FromSeed(Draw(number, "author"u8));
        return author.Sign(Later(author.Sign(DataJson(number)), seconds).Data.Span);
    }

    /// <summary>The text of a record's data, canonical as it stands, of about 400 bytes.</summary>
    internal static byte[] DataJson(int number)
    {
        var draw = Draw(number, "data"u8);
        var uuid = new Guid(draw.AsSpan(0, 16));
        var link = new Guid(draw.AsSpan(16, 16));
        var word = Convert.ToHexStringLower(draw.AsSpan(0, 1 + draw[31] % 4));
        // Numbers and timestamps rise independently, as the keys and the ages of profiles do.
        var timestamp = FirstTimestamp + BinaryPrimitives.ReadUInt32LittleEndian(draw.AsSpan(24));
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $$$"""{"uuid":"{{{uuid}}}","linktree":{"name":"Example {{{word}}}","description":"Number {{{number}}}","image":"https://example.com/{{{number}}}.jpg","background":"","links":[{"label":"Video","redirectUrl":"https://example.com/{{{word}}}","key":"{{{link}}}","isFavorite":{{{(draw[30] % 2 == 0 ? "true" : "false")}}}}],"linktreeAddress":"{{{word}}}","theme":"Mint","choosenLabelTheme":"label-one"},"timestamp":{{{timestamp}}}}"""));
    }

    /// <summary>The records as a peer sends them, in the form of <c>/all</c>.</summary>
    internal static byte[] ToList(IEnumerable<SignedLinktree> records)
    {
        var list = new ArrayBufferWriter<byte>();
        var separator = "["u8;
        foreach (var record in records)
        {
            list.Write(separator);
            LinktreeWriter.WriteKeyedRecord(list, record, "linktree");
            separator = ","u8;
        }

        list.Write("]"u8);
        return list.WrittenSpan.ToArray();
    }

    /// <summary>A text of the protocol's test vectors.</summary>
    internal static byte[] Vector(string name)
    {
        using var vectors = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "linktrees.json")));
        var vector = vectors.RootElement.EnumerateArray().Single(vector => vector.GetProperty("name").ValueEquals(name));
        return Encoding.UTF8.GetBytes(vector.GetProperty("dataText").GetString()!);
    }

    private static byte[] Draw(int number, ReadOnlySpan<byte> purpose)
    {
        Span<byte> input = stackalloc byte[sizeof(int) + 16];
        BinaryPrimitives.WriteInt32LittleEndian(input, number);
        purpose.CopyTo(input[sizeof(int)..]);
        return SHA256.HashData(input[..(sizeof(int) + purpose.Length)]);
    }
}
