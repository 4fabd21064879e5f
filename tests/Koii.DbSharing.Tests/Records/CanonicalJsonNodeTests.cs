using System.Diagnostics;
using System.Globalization;
using System.Text;
using Koii.DbSharing.Records;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Records;

/// <summary>Compares the canonical form byte by byte with that of Node.js.</summary>
public sealed class CanonicalJsonNodeTests
{
    private const int Texts = 20_000;
    private const string Rejected = "!";

    private const string Script = """
        const lines = require('fs').readFileSync(0, 'latin1').split('\n');
        lines.pop();
        process.stdout.write(lines.map(line => {
            const text = Buffer.from(line, 'base64').toString('utf8');
            try { return Buffer.from(JSON.stringify(JSON.parse(text)), 'utf8').toString('base64'); } catch { return '!'; }
        }).join('\n') + '\n');
        """;

    [Test]
    public async Task Canonical_form_equals_that_of_JavaScript()
    {
        var node = NodeJs.RequirePath();
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new RandomJson(new Random(seed));
        var texts = new byte[Texts][];
        var powersOfTwo = Enumerable.Range(-1074, 2098).Select(exponent => Math.ScaleB(1.0, exponent).ToString("E20", CultureInfo.InvariantCulture));
        texts[0] = Json.Utf8($"[{string.Join(',', powersOfTwo)}]");
        for (var i = 1; i < Texts; i++)
            texts[i] = Json.Utf8(i % 10 == 9 ? random.NextDamaged() : random.Next());

        var answers = await StringifyAsync(node, texts);

        Assert.That(answers, Has.Length.EqualTo(Texts));
        Assert.That(answers.Count(answer => answer != Rejected), Is.GreaterThan(Texts * 9 / 10));
        for (var i = 0; i < Texts; i++)
            AssertEqual(texts[i], answers[i], seed);
    }

    private static void AssertEqual(byte[] text, string answer, int seed)
    {
        using var canonical = CanonicalJson.Create(text, 1_000);
        var ours = canonical.Reason is RejectionReason.None ? Convert.ToBase64String(canonical.Bytes) : Rejected;
        if (ours == answer)
            return;
        var (expected, actual) = (Show(answer), Show(ours));
        var index = expected.AsSpan().CommonPrefixLength(actual);
        Assert.Fail($"""
            seed {seed}, {text.Length} bytes: {Encoding.UTF8.GetString(text)}
            JavaScript, from {index}: {Around(expected, index)}
            ours, from {index}:       {Around(actual, index)}
            """);
    }

    private static string Around(string text, int index) => text[Math.Max(index - 40, 0)..Math.Min(index + 40, text.Length)];

    private static string Show(string answer) => answer == Rejected ? "rejected" : Encoding.UTF8.GetString(Convert.FromBase64String(answer));

    private static async Task<string[]> StringifyAsync(string node, byte[][] texts)
    {
        var start = new ProcessStartInfo(node, ["-e", Script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardOutputEncoding = Encoding.ASCII,
        };
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
