using System.Numerics;
using System.Text;
using System.Text.Json;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// The canonical form, compared with the JSON reader of the base class library and with <see cref="ReferenceJson"/>.
/// </summary>
internal sealed class CanonicalFormTarget : FuzzTarget<(RejectionReason Reason, byte[] Bytes, int Depth)>
{
    private const int MaxDepth = 64;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 1_000_000 };

    public override IEnumerable<byte[]> Seeds => FuzzSeeds.Texts.Concat(FuzzSeeds.Records).Concat(FuzzSeeds.Lists).Select(FuzzSeeds.Utf8);

    protected override ValueTask<(RejectionReason, byte[], int)> ReadAsync(byte[] input) => new(Canonicalize(input));

    protected override int Check(byte[] input, (RejectionReason Reason, byte[] Bytes, int Depth) reading)
    {
        var (reason, canonical, depth) = reading;
        var (isJson, jsonDepth) = Measure(input);
        var expected = !isJson ? RejectionReason.Malformed : jsonDepth > MaxDepth ? RejectionReason.TooDeep : RejectionReason.None;
        // A text that is both too deep and malformed may have either reason.
        if (reason != expected && !(reason is RejectionReason.TooDeep && expected is RejectionReason.Malformed))
            Assert.Fail($"{reason}, but {expected} was expected.");
        if (reason is not RejectionReason.None)
            return (int)reason;

        var again = Canonicalize(canonical);
        if (again.Reason is not RejectionReason.None || !again.Bytes.AsSpan().SequenceEqual(canonical))
            Assert.Fail($"{Encoding.UTF8.GetString(canonical)} has another canonical form: {again.Reason} {Encoding.UTF8.GetString(again.Bytes)}");
        if (depth != jsonDepth)
            Assert.Fail($"The depth is {depth}, but {jsonDepth} was expected.");
        var reference = ReferenceJson.Write(input);
        if (!reference.AsSpan().SequenceEqual(canonical))
            Assert.Fail($"The canonical form is {Encoding.UTF8.GetString(canonical)}, but expected was {Encoding.UTF8.GetString(reference)}");
        return HashCode.Combine(depth, BitOperations.Log2((uint)canonical.Length), input.Length.CompareTo(canonical.Length));
    }

    internal static (RejectionReason Reason, byte[] Bytes, int Depth) Canonicalize(ReadOnlySpan<byte> text)
    {
        using var canonical = CanonicalJson.Create(text, MaxDepth);
        return (canonical.Reason, canonical.Bytes.ToArray(), canonical.TextDepth);
    }

    private static (bool IsJson, int Depth) Measure(byte[] text)
    {
        var depth = 0;
        // The reader does not validate the bytes of a string until it is read.
        if (!System.Text.Unicode.Utf8.IsValid(text))
            return (false, 0);
        var reader = new Utf8JsonReader(text, Strict);
        try
        {
            while (reader.Read())
            {
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                    depth = Math.Max(depth, reader.CurrentDepth + 1);
            }

            return (true, depth);
        }
        catch (JsonException)
        {
            return (false, depth);
        }
    }
}
