using System.IO.Pipelines;

namespace Koii.DbSharing.TestSupport;

/// <summary>Opens and writes a list in one call.</summary>
public static class ListWriting
{
    public static async Task<string?> GetEntityTagAsync(this LinktreeResponder responder, ListForm form) => (await responder.OpenListAsync(form)).EntityTag;

    public static async Task WriteListAsync(
        this LinktreeResponder responder, PipeWriter output, ListForm form, CancellationToken cancellationToken = default)
    {
        var list = await responder.OpenListAsync(form, cancellationToken);
        await list.WriteAsync(output, cancellationToken);
    }

    public static async Task WriteGzipListAsync(this LinktreeResponder responder, PipeWriter output, ListForm form)
    {
        var list = await responder.OpenListAsync(form);
        await list.WriteGzipAsync(output);
    }
}
