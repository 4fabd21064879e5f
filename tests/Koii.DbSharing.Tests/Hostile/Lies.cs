using System.Buffers.Binary;
using Koii.DbSharing.Reconciliation.Messages;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Hostile;

/// <summary>What a peer may say that has the extension and lies in it.</summary>
internal static class Lies
{
    /// <summary>Answers to a reconciliation message that are no message, each with its name.</summary>
    public static IEnumerable<TestCaseData> NoMessages()
    {
        yield return Message("nothing", []);
        yield return Message("another version", [0x62]);
        yield return Message("a mode that does not exist", [0x61, 0, 0, 3]);
        yield return Message("a bound that falls", [0x61, 3, 1, 9, 0, 1, 1, 8, 0]);
        yield return Message("a million ids in the place of one", [0x61, 0, 0, 2, 0xBD, 0x84, 0x40, .. new byte[32]]);
        yield return Message("a million ids in a whole frame", [0x61, 0, 0, 2, 0xBD, 0x84, 0x40, .. new byte[524_281]]);
        yield return Message("2^64 ids", [0x61, 0, 0, 2, 0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, .. new byte[32]]);
        yield return Message("more ranges than a message has", [0x61, .. Enumerable.Range(0, 32_769).SelectMany(_ => new byte[] { 2, 0, 0 })]);
        yield return Message("half a message", [0x61, 0, 0, 1, .. new byte[8]]);

        static TestCaseData Message(string name, byte[] message) => new TestCaseData(message).SetArgDisplayNames(name);
    }

    public static byte[] Summary(string count) =>
        Answers.Json($$"""{"protocol":1,"count":{{count}},"fingerprint":"00112233445566778899aabbccddeeff","perAuthor":16,"reconcile":true}""");

    /// <summary>A message with ids that nobody has, other ones for each number and peer, and behind them something that differs.</summary>
    public static byte[] MadeUpIds(int number, int count, byte peer = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(count, 1 << 14);
        var message = new List<byte> { 0x61, (byte)(2 + (number % 2)), 0, 2 };
        message.AddRange(count < 1 << 7 ? [(byte)count] : [(byte)(0x80 | (count >> 7)), (byte)(count & 0x7F)]);
        var id = new byte[LinktreeId.Size];
        id[^1] = peer;
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(id, (number << 16) + i + 1);
            message.AddRange(id);
        }

        message.AddRange([0, 0, 1, .. new byte[16]]);
        return [.. message];
    }

    /// <summary>Whether a message begins a conversation: later ones skip what is settled.</summary>
    public static bool IsFirst(byte[] message) => new MessageReader(message).TryRead(out var range) && range.Mode is not RangeMode.Skip;
}
