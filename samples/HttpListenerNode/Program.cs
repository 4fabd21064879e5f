using System.Net;
using HttpListenerNode;
using Koii.DbSharing;

// A node that serves without ASP.NET Core: HttpListenerNode [prefix] [task id] [peer …]. It keeps its records in memory
// and stops with Ctrl+C.
var prefix = args.ElementAtOrDefault(0) ?? "http://127.0.0.1:5003/";
var options = new DbSharingOptions { TaskId = args.ElementAtOrDefault(1) ?? "EXAMPLE_TASK_ID" };
foreach (var peer in args.Skip(2))
    options.Nodes.Add(peer);

using var stopping = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stopping.Cancel();
};

using var http = new HttpTransport(options);
var engine = new ReplicationEngine(http.NodeDirectory, http.PeerClient, new Ed25519SignatureVerifier(), new InMemoryLinktreeStore(options), options);
using var listener = new HttpListener { Prefixes = { prefix } };
try
{
    listener.Start();
}
catch (HttpListenerException taken)
{
    Console.Error.WriteLine($"{prefix}: {taken.Message}");
    return 1;
}

Console.WriteLine($"Listening on {prefix}");
await Task.WhenAll(engine.RunAsync(stopping.Token), new NodeListener(listener, new LinktreeResponder(engine), options).RunAsync(stopping.Token));
return 0;
