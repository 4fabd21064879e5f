using System.Buffers;

namespace Koii.DbSharing.Serving;

/// <summary>The compressed elements of a part of a list, with commas between them.</summary>
/// <param name="After">The version after which the page starts; the lowest version for the first page.</param>
/// <param name="Next">The version with which it ends, or <see langword="null"/> if it has all versions after the start.</param>
/// <param name="Count">The number of records.</param>
/// <param name="Deflated">The text, compressed (<see cref="GzipWriter.Deflate"/>); empty without records.</param>
/// <param name="Sum">The checksum of the text.</param>
internal sealed record ListPage(LinktreeVersion After, LinktreeVersion? Next, int Count, byte[] Deflated, Crc32Sum Sum)
{
    /// <summary>Before the version of any record: the first page starts after it.</summary>
    public static LinktreeVersion Start { get; } = new(-1, default);

    public static ListPage Create(
        LinktreeVersion after, LinktreeVersion? next, IEnumerable<SignedLinktree> linktrees, ElementForm form)
    {
        var text = new ArrayBufferWriter<byte>(256 * 1024);
        var count = 0;
        foreach (var linktree in linktrees)
        {
            count++;
            if (text.WrittenCount > 0)
                text.Write(","u8);
            form.Write(text, linktree);
        }

        return new ListPage(after, next, count, GzipWriter.Deflate(text.WrittenSpan), Crc32Sum.Of(text.WrittenSpan));
    }

    /// <summary>Whether the page has, or would have, the record of a version.</summary>
    public bool Covers(LinktreeVersion version) => version > After && (Next is not { } next || version <= next);
}
