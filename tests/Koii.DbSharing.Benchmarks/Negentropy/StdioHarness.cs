using System.Globalization;
using Koii.DbSharing.Reconciliation;
using Koii.DbSharing.Reconciliation.Items;
using Koii.DbSharing.Reconciliation.Messages;

namespace Koii.DbSharing.Benchmarks.Negentropy;

/// <summary>
/// One side of a reconciliation over lines of text, in the format of the cross-language tests of Negentropy
/// implementations: <c>item,time,id</c> and <c>seal</c> define the set, <c>initiate</c> starts, <c>msg,hex</c> is a
/// message of the other side. The answer is <c>msg,hex</c>, and finally <c>have,id</c> and <c>need,id</c> for each
/// difference, and <c>done</c>.
/// </summary>
/// <param name="input">The input. The harness stops at its end.</param>
/// <param name="output">The output. It is flushed after each answer.</param>
/// <param name="frameLimit">The maximum length of a message in bytes, or 0 for no limit.</param>
internal sealed class StdioHarness(TextReader input, TextWriter output, int frameLimit)
{
    // The highest supported version, which is the answer to a message of another version.
    private static readonly byte[] OurVersion = [MessageReader.Version];

    private readonly int _frameLimit = frameLimit == 0 ? RangeReconciler.NoFrameLimit : Math.Max(frameLimit, RangeReconciler.MinFrameLimit);
    private readonly ItemTree _items = new();
    private readonly HashSet<LinktreeId> _need = [];
    private readonly HashSet<LinktreeId> _have = [];
    private ItemSet? _set;
    private Initiator? _initiator;

    /// <summary>Processes lines until the input ends.</summary>
    /// <exception cref="FormatException">A line or a message is malformed.</exception>
    public void Run()
    {
        while (input.ReadLine() is { } line)
        {
            switch (line.Trim().Split(','))
            {
                case [""]:
                    break;
                case ["item", var time, var id]:
                    _items.Add(
                        new SetItem(ulong.Parse(time, NumberStyles.None, CultureInfo.InvariantCulture), new LinktreeId(Convert.FromHexString(id))));
                    break;
                case ["seal"]:
                    _set = _items.Snapshot();
                    break;
                case ["initiate"]:
                    _initiator = new Initiator(Set, _need, _have, _frameLimit);
                    Write(_initiator.Start());
                    break;
                case ["msg", var hex]:
                    Answer(Convert.FromHexString(hex));
                    break;
                default:
                    throw new FormatException($"Not a line of this protocol: {line}");
            }
        }
    }

    private ItemSet Set => _set ?? throw new FormatException("The set was not sealed.");

    private void Answer(byte[] message)
    {
        if (_initiator is null)
        {
            var isOtherVersion = message is [>= 0x60 and <= 0x6F and not MessageReader.Version, ..];
            Write(isOtherVersion
                ? OurVersion
                : new Responder(Set, _frameLimit).Respond(message) ?? throw new FormatException("The message is malformed."));
        }
        else if (!_initiator.TryTake(message, out var next))
        {
            throw new FormatException("The answer is malformed.");
        }
        else if (next is not null)
        {
            Write(next);
        }
        else
        {
            foreach (var id in _have)
                output.WriteLine($"have,{id}");
            foreach (var id in _need)
                output.WriteLine($"need,{id}");
            output.WriteLine("done");
            output.Flush();
        }
    }

    private void Write(byte[] message)
    {
        output.WriteLine($"msg,{Convert.ToHexStringLower(message)}");
        output.Flush();
    }
}
