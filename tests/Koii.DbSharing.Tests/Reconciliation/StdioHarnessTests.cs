using System.IO.Pipes;
using Koii.DbSharing.Benchmarks.Negentropy;
using Koii.DbSharing.Reconciliation.Items;

namespace Koii.DbSharing.Tests.Reconciliation;

/// <summary>
/// The harness for cross-language tests: two instances against each other, and the format of its lines.
/// </summary>
public sealed class StdioHarnessTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    [Test]
    public async Task Two_harnesses_find_their_differences([Values(0, 4096)] int initiatorLimit, [Values(0, 4096)] int responderLimit)
    {
        var random = new Random(5);
        var all = SampleItems.Random(random, 5_000);
        var (ours, theirs) = (all.Where((_, i) => i % 50 != 0).ToArray(), all.Where((_, i) => i % 70 != 1).ToArray());
        using var initiator = new Session(initiatorLimit, ours);
        using var responder = new Session(responderLimit, theirs);

        var message = await initiator.AskAsync("initiate");
        while (message.StartsWith("msg,", StringComparison.Ordinal))
            message = await initiator.AskAsync(await responder.AskAsync(message));

        var lines = new List<string>();
        for (; message != "done"; message = await initiator.ReadAsync())
            lines.Add(message);
        Assert.That(
            lines,
            Is.EquivalentTo(ours.Except(theirs).Select(item => $"have,{item.Id}").Concat(theirs.Except(ours).Select(item => $"need,{item.Id}"))));
    }

    [Test]
    public void Lines_have_the_format_of_the_cross_language_tests()
    {
        var id = new string('a', 64);
        var output = new StringWriter();

        new StdioHarness(new StringReader($"item,1000,{id}\nseal\n\nmsg,62aabb\nmsg,6100000200\n"), output, frameLimit: 0).Run();

        Assert.That(output.ToString().Split(Environment.NewLine), Is.EqualTo(new[] { "msg,61", $"msg,6100000201{id}", "" }));
    }

    [TestCase("seal\nmsg,5f")]
    [TestCase("seal\nmsg,6101")]
    [TestCase("seal\ninitiate\nmsg,62")]
    [TestCase("msg,61")]
    [TestCase("what")]
    public void Malformed_input_throws(string lines) =>
        Assert.That(() => new StdioHarness(new StringReader(lines), TextWriter.Null, frameLimit: 0).Run(), Throws.TypeOf<FormatException>());

    /// <summary>A harness on its own thread, connected by two pipes.</summary>
    private sealed class Session : IDisposable
    {
        private readonly StreamWriter _in;
        private readonly StreamReader _out;
        private readonly Task _running;

        public Session(int frameLimit, IEnumerable<SetItem> items)
        {
            var (input, output) = (new AnonymousPipeServerStream(PipeDirection.Out), new AnonymousPipeServerStream(PipeDirection.In));
            var harnessInput = new AnonymousPipeClientStream(PipeDirection.In, input.ClientSafePipeHandle);
            var harnessOutput = new AnonymousPipeClientStream(PipeDirection.Out, output.ClientSafePipeHandle);
            (_in, _out) = (new StreamWriter(input) { AutoFlush = true }, new StreamReader(output));
            _running = Task.Factory.StartNew(
                () =>
                {
                    using var reader = new StreamReader(harnessInput);
                    using var writer = new StreamWriter(harnessOutput);
                    new StdioHarness(reader, writer, frameLimit).Run();
                },
                TaskCreationOptions.LongRunning);
            foreach (var item in items)
                _in.WriteLine($"item,{item.Time},{item.Id}");
            _in.WriteLine("seal");
        }

        public async Task<string> AskAsync(string line)
        {
            await _in.WriteLineAsync(line);
            return await ReadAsync();
        }

        public async Task<string> ReadAsync() =>
            await _out.ReadLineAsync().WaitAsync(Timeout) ?? throw new InvalidOperationException("The harness ended.");

        public void Dispose()
        {
            _in.Dispose();
            Assert.That(_running.Wait(Timeout), Is.True);
            _out.Dispose();
        }
    }
}
