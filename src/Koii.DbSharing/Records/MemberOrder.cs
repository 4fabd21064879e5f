using System.Buffers;
using System.Numerics;

namespace Koii.DbSharing.Records;

/// <summary>
/// Puts the members of an object in the order of ECMAScript (protocol §1): keys that are array indices first, in
/// ascending order; then the others in the order of their first occurrence. A repeated key keeps the position of its
/// first occurrence and the value of its last.
/// </summary>
internal static class MemberOrder
{
    private const int FewMembers = 16;

    /// <summary>Orders the members of one object, which are the end of the output.</summary>
    /// <param name="output">The output. Its keys are canonical, so equal keys have equal bytes.</param>
    /// <param name="members">Two or more members, in the order of the output. The method overwrites them.</param>
    /// <returns>The new end of the last member.</returns>
    internal static int Apply(Span<byte> output, Span<JsonMember> members)
    {
        var end = members[^1].ValueEnd;
        var repeated = members.Length <= FewMembers ? MergeRepeatedOfFew(output, members) : MergeRepeatedOfMany(output, members);
        return repeated | HasIndexKey(output, members) ? Rewrite(output, members, end) : end;
    }

    private static bool MergeRepeatedOfFew(ReadOnlySpan<byte> output, Span<JsonMember> members)
    {
        var repeated = false;
        for (var later = 1; later < members.Length; later++)
        {
            var key = members[later].Key(output);
            for (var first = 0; first < later; first++)
            {
                if (members[first].KeyLength == key.Length && members[first].Key(output).SequenceEqual(key))
                {
                    Merge(members, first, later);
                    repeated = true;
                    break;
                }
            }
        }

        return repeated;
    }

    private static bool MergeRepeatedOfMany(ReadOnlySpan<byte> output, Span<JsonMember> members)
    {
        var size = (int)BitOperations.RoundUpToPowerOf2((uint)members.Length);
        var table = ArrayPool<int>.Shared.Rent(size + members.Length);
        var chains = table.AsSpan(0, size);
        var links = table.AsSpan(size, members.Length);
        chains.Clear();
        var repeated = false;
        for (var later = 0; later < members.Length; later++)
        {
            var key = members[later].Key(output);
            ref var chain = ref chains[(int)KeyHash.Compute(key) & (size - 1)];
            var first = chain - 1;
            while (first >= 0 && !members[first].Key(output).SequenceEqual(key))
                first = links[first] - 1;
            if (first >= 0)
            {
                Merge(members, first, later);
                repeated = true;
                continue;
            }

            links[later] = chain;
            chain = later + 1;
        }

        ArrayPool<int>.Shared.Return(table);
        return repeated;
    }

    private static void Merge(Span<JsonMember> members, int first, int later)
    {
        members[first].ValueStart = members[later].ValueStart;
        members[first].ValueEnd = members[later].ValueEnd;
        members[later].Remove();
    }

    private static bool HasIndexKey(ReadOnlySpan<byte> output, ReadOnlySpan<JsonMember> members)
    {
        foreach (ref readonly var member in members)
        {
            if (TryReadIndex(member.Key(output), out _))
                return true;
        }

        return false;
    }

    private static int Rewrite(Span<byte> output, Span<JsonMember> members, int end)
    {
        var start = members[0].KeyStart;
        var ordered = ArrayPool<byte>.Shared.Rent(end - start);
        var indices = ArrayPool<ulong>.Shared.Rent(members.Length);
        var count = 0;
        for (var i = 0; i < members.Length; i++)
        {
            if (TryReadIndex(members[i].Key(output), out var index))
                indices[count++] = ((ulong)index << 32) | (uint)i;
        }

        indices.AsSpan(0, count).Sort();
        var length = 0;
        foreach (var entry in indices.AsSpan(0, count))
        {
            ref var member = ref members[(int)(uint)entry];
            length = Append(output, member, ordered, length);
            member.Remove();
        }

        foreach (ref readonly var member in members)
        {
            if (!member.IsRemoved)
                length = Append(output, member, ordered, length);
        }

        ordered.AsSpan(0, length).CopyTo(output[start..]);
        ArrayPool<ulong>.Shared.Return(indices);
        ArrayPool<byte>.Shared.Return(ordered);
        return start + length;
    }

    private static int Append(ReadOnlySpan<byte> output, in JsonMember member, Span<byte> ordered, int length)
    {
        if (length > 0)
            ordered[length++] = (byte)',';
        member.Key(output).CopyTo(ordered[length..]);
        length += member.KeyLength;
        ordered[length++] = (byte)':';
        output[member.ValueStart..member.ValueEnd].CopyTo(ordered[length..]);
        return length + member.ValueEnd - member.ValueStart;
    }

    /// <summary>Reads a canonical array index from a quoted key: "0" to "4294967294".</summary>
    private static bool TryReadIndex(ReadOnlySpan<byte> key, out uint index)
    {
        index = 0;
        if (key.Length is < 3 or > 12 || !char.IsAsciiDigit((char)key[1]) || (key[1] == '0' && key.Length > 3))
            return false;
        var value = 0L;
        foreach (var symbol in key[1..^1])
        {
            if (!char.IsAsciiDigit((char)symbol))
                return false;
            value = (value * 10) + symbol - '0';
        }

        index = (uint)value;
        return value < uint.MaxValue;
    }
}
