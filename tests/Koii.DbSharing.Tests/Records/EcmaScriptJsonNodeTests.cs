using System.Diagnostics;
using System.Globalization;
using System.Text;
using Koii.DbSharing.Records;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Records;

/// <summary>Compares the canonical form with the engine whose form it is, byte by byte.</summary>
public sealed class EcmaScriptJsonNodeTests
{
    private const int Texts = 20_000;
    private const string Refused = "!";

    private const string Script = """
        const lines = require('fs').readFileSync(0, 'latin1').split('\n');
        lines.pop();
        process.stdout.write(lines.map(line => {
            const text = Buffer.from(line, 'base64').toString('utf8');
            try { return Buffer.from(JSON.stringify(JSON.parse(text)), 'utf8').toString('base64'); } catch { return '!'; }
        }).join('\n') + '\n');
        """;

    [Test]
    public async Task Canonical_form_is_what_JavaScript_stringifies()
    {
        var node = NodeJs.RequirePath();
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new RandomJson(new Random(seed));
        var texts = new byte[Texts][];
        texts[0] = Json.Utf8($"[{string.Join(',', Enumerable.Range(-1074, 2098).Select(exponent => Math.ScaleB(1.0, exponent).ToString("E20", CultureInfo.InvariantCulture)))}]");
        for (var place = 1; place < Texts; place++)
            texts[place] = Json.Utf8(place % 10 == 9 ? random.NextDamaged() : random.Next());

        var answers = await AskAsync(node, texts);

        Assert.That(answers, Has.Length.EqualTo(Texts));
        Assert.That(answers.Count(answer => answer != Refused), Is.GreaterThan(Texts * 9 / 10));
        for (var place = 0; place < Texts; place++)
            AssertEqual(texts[place], answers[place], seed);
    }

    private static void AssertEqual(byte[] text, string answer, int seed)
    {
        using var canonical = EcmaScriptJson.Canonicalize(text, 1_000);
        var ours = canonical.Reason is RejectionReason.None ? Convert.ToBase64String(canonical.Bytes) : Refused;
        if (ours == answer)
            return;
        var (expected, actual) = (Show(answer), Show(ours));
        var place = expected.AsSpan().CommonPrefixLength(actual);
        Assert.Fail($"""
            seed {seed}, {text.Length} bytes: {Encoding.UTF8.GetString(text)}
            JavaScript, from {place}: {Around(expected, place)}
            ours, from {place}:       {Around(actual, place)}
            """);
    }

    private static string Around(string text, int place) => text[Math.Max(place - 40, 0)..Math.Min(place + 40, text.Length)];

    private static string Show(string answer) => answer == Refused ? "refused" : Encoding.UTF8.GetString(Convert.FromBase64String(answer));

    private static async Task<string[]> AskAsync(string node, byte[][] texts)
    {
        var start = new ProcessStartInfo(node, ["-e", Script]) { RedirectStandardInput = true, RedirectStandardOutput = true, StandardOutputEncoding = Encoding.ASCII };
        using var process = Process.Start(start)!;
        var reading = process.StandardOutput.ReadToEndAsync();
        await using (var input = process.StandardInput)
        {
            foreach (var text in texts)
                await input.WriteAsync(Convert.ToBase64String(text) + "\n");
        }

        var answers = (await reading).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await process.WaitForExitAsync();
        Assert.That(process.ExitCode, Is.Zero);
        return answers;
    }
}
