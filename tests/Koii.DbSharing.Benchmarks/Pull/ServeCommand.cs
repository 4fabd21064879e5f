using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Koii.DbSharing.Benchmarks.Pull;

/// <summary>
/// <c>serve &lt;count&gt; [addresses]</c>: a node that holds so many records and serves them on so many addresses of loopback. It writes its URLs once it is ready,
/// stores the entries of a file on <c>change &lt;file&gt;</c>, and ends with its standard input.
/// </summary>
internal static class ServeCommand
{
    internal const string Verb = "serve";

    internal const string TaskId = "benchmark";

    private const int PageSize = 512;

    internal static async Task<int> RunAsync(string countText, int addresses)
    {
        var count = int.Parse(countText, NumberStyles.None, CultureInfo.InvariantCulture);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls([.. Enumerable.Range(1, addresses).Select(last => $"http://127.0.0.{last}:0")]);
        builder.Services.AddDbSharing(options =>
        {
            options.TaskId = TaskId;
            options.MaxRecords = Math.Max(options.MaxRecords, count);
        }).UseInMemory();

        await using var app = builder.Build();
        app.MapDbSharing();
        var store = app.Services.GetRequiredService<ILinktreeStore>();
        foreach (var page in ProfileRecords.Sign(count).Chunk(PageSize))
            await store.PutAsync(page);

        await app.StartAsync();
        Console.WriteLine(string.Join(' ', app.Urls));
        while (await Console.In.ReadLineAsync() is { } line)
        {
            await store.PutAsync(ReadEntries(line["change ".Length..]));
            Console.WriteLine("{}");
        }

        await app.StopAsync();
        return 0;
    }

    private static SignedLinktree[] ReadEntries(string file)
    {
        using var entries = JsonDocument.Parse(File.ReadAllBytes(file));
        return [.. entries.RootElement.EnumerateArray().Select(entry =>
            LinktreeReader.TryRead(Encoding.UTF8.GetBytes(entry.GetProperty("value").GetRawText()), out var record, out var reason)
                ? record
                : throw new InvalidOperationException($"'{file}' has a record that is not well formed: {reason}."))];
    }
}
