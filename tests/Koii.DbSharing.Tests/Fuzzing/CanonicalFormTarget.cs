using System.Numerics;
using System.Text;
using System.Text.Json;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>The canonical form, beside the base class library's reader of JSON: both take the same texts, and find the same in what went in and what came out.</summary>
internal sealed class CanonicalFormTarget : FuzzTarget<(RejectionReason Reason, byte[] Bytes, int Depth)>
{
    private const int MaxDepth = 64;

    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 1_000_000 };

    public override IEnumerable<byte[]> Seeds => FuzzSeeds.Texts.Concat(FuzzSeeds.Records).Concat(FuzzSeeds.Lists).Select(FuzzSeeds.Utf8);

    protected override ValueTask<(RejectionReason, byte[], int)> ReadAsync(byte[] input) => new(Canonicalize(input));

    protected override int Check(byte[] input, (RejectionReason Reason, byte[] Bytes, int Depth) reading)
    {
        var (reason, canonical, depth) = reading;
        var (isJson, jsonDepth) = Judge(input);
        var expected = !isJson ? RejectionReason.Malformed : jsonDepth > MaxDepth ? RejectionReason.TooDeep : RejectionReason.None;
        // A text that is too deep and then no JSON either may be called one or the other.
        if (reason != expected && !(reason is RejectionReason.TooDeep && expected is RejectionReason.Malformed))
            Assert.Fail($"{reason}, but {expected} is right.");
        if (reason is not RejectionReason.None)
            return (int)reason;

        var again = Canonicalize(canonical);
        if (again.Reason is not RejectionReason.None || !again.Bytes.AsSpan().SequenceEqual(canonical))
            Assert.Fail($"The canonical form {Encoding.UTF8.GetString(canonical)} has another one: {again.Reason} {Encoding.UTF8.GetString(again.Bytes)}");
        if (depth != jsonDepth)
            Assert.Fail($"The depth is {jsonDepth}, not {depth}.");
        if (!ReferenceJson.Write(input).AsSpan().SequenceEqual(canonical))
            Assert.Fail($"It is {Encoding.UTF8.GetString(canonical)} but should be {Encoding.UTF8.GetString(ReferenceJson.Write(input))}");
        return HashCode.Combine(depth, BitOperations.Log2((uint)canonical.Length), input.Length.CompareTo(canonical.Length));
    }

    internal static (RejectionReason Reason, byte[] Bytes, int Depth) Canonicalize(ReadOnlySpan<byte> text)
    {
        using var canonical = EcmaScriptJson.Canonicalize(text, MaxDepth);
        return (canonical.Reason, canonical.Bytes.ToArray(), canonical.TextDepth);
    }

    private static (bool IsJson, int Depth) Judge(byte[] text)
    {
        var depth = 0;
        // The library's reader does not look at the bytes of strings before somebody asks for them.
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
