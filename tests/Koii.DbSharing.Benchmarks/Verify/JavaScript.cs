using System.Globalization;
using System.Text.Json;

namespace Koii.DbSharing.Benchmarks.Verify;

/// <summary>
/// The verifiers of the network's JavaScript nodes, timed by a Node.js process: <c>node:crypto</c>, and tweetnacl,
/// which npm installs into a temporary folder.
/// </summary>
internal sealed class JavaScript : IDisposable
{
    // Key objects are created outside the timed part, as a program does for keys that recur.
    private const string Script = """
        const crypto = require('node:crypto');
        const signatures = JSON.parse(require('node:fs').readFileSync(0, 'utf8')).map(([key, message, signature]) => [key, message, signature].map(hex => Buffer.from(hex, 'hex')));
        const prefix = Buffer.from('302a300506032b6570032100', 'hex');
        const keys = new Map(signatures.map(([key]) => [key, crypto.createPublicKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'spki' })]));
        const contestants = { [`node:crypto, Node.js ${process.version}`]: (key, message, signature) => crypto.verify(null, message, keys.get(key), signature) };
        try {
          const nacl = require('tweetnacl');
          contestants[`tweetnacl ${require('tweetnacl/package.json').version}, Node.js ${process.version}`] = (key, message, signature) => nacl.sign.detached.verify(message, signature, key);
        } catch { /* npm could not install it, which the caller reports. */ }
        for (const [name, isValid] of Object.entries(contestants)) {
          let fastest = Infinity;
          for (let run = 0; run < 4; run++) {
            const start = process.hrtime.bigint();
            if (!signatures.every(signature => isValid(...signature))) throw new Error(name + ' refused a good signature');
            fastest = Math.min(fastest, Number(process.hrtime.bigint() - start) / 1000 / signatures.length);
          }
          const [key, message, signature] = signatures[0];
          if (isValid(key, Buffer.concat([message, message]), signature)) throw new Error(name + ' took a bad signature');
          console.log(name + '\t' + fastest);
        }
        """;

    private readonly NodeJs _nodeJs = new();

    /// <summary>
    /// Returns names and microseconds a check. Without Node.js the result is empty and <paramref name="absent"/> gets
    /// the reason.
    /// </summary>
    internal async Task<IReadOnlyList<(string Name, double Microseconds)>> MeasureAsync(SignatureSet set, int checks, List<string> absent)
    {
        File.WriteAllText(_nodeJs.PathTo("verify.cjs"), Script);
        if (!await _nodeJs.TryInstallAsync("tweetnacl@1"))
            absent.Add("tweetnacl: npm could not install it.");

        var signatures = Enumerable.Range(0, checks)
            .Select(i => new[] { Convert.ToHexString(set.Keys[i]), Convert.ToHexString(set.Messages[i]), Convert.ToHexString(set.Signatures[i]) });
        var output = await _nodeJs.TryRunAsync("node", ["verify.cjs"], JsonSerializer.Serialize(signatures));
        if (output is null)
            absent.Add("node:crypto: no Node.js on the PATH, or it failed.");
        return [.. (output ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('\t'))
            .Select(fields => (fields[0], double.Parse(fields[1], CultureInfo.InvariantCulture)))];
    }

    public void Dispose() => _nodeJs.Dispose();
}
