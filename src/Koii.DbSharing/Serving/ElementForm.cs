using System.Buffers;
using Koii.DbSharing.Records;

namespace Koii.DbSharing.Serving;

/// <summary>Writes the records of one resource as elements of a list.</summary>
/// <param name="Form">The form of the elements.</param>
/// <param name="ResourceName">The part of a key before the colon.</param>
/// <remarks>
/// JavaScript nodes of the linktree task look profiles up by the member <c>username</c>, which is not signed. Its value is,
/// as <c>data.linktree.linktreeAddress</c>, and is written from there (protocol §3.2).
/// </remarks>
internal readonly record struct ElementForm(ListForm Form, string ResourceName)
{
    private const string ResourceWithUsernames = "linktree";

    private const int MaxUsernameLength = 128;

    /// <summary>Whether each record that is not a tombstone carries its username.</summary>
    public bool HasUsernames { get; init; }

    /// <summary>If it is set, the newest record of each author carries its username.</summary>
    public NewestByAuthor? Newest { get; init; }

    /// <summary>Whether the records of a resource have usernames.</summary>
    public static bool CanHaveUsernames(string resourceName) => resourceName == ResourceWithUsernames;

    /// <summary>Writes a record.</summary>
    public void Write(IBufferWriter<byte> output, SignedLinktree linktree)
    {
        var username = HasUsernames || Newest?.IsNewest(linktree) == true ? FindUsername(linktree) : [];
        if (Form == ListForm.Bare)
            LinktreeWriter.WriteRecord(output, linktree, username);
        else
            LinktreeWriter.WriteKeyedRecord(output, linktree, ResourceName, username);
    }

    /// <summary>Finds the signed name of a record that is not a tombstone.</summary>
    /// <returns>The JSON string with its quotes; empty if there is none of 1 to 128 UTF-16 code units.</returns>
    private static ReadOnlySpan<byte> FindUsername(SignedLinktree linktree)
    {
        if (linktree.IsTombstone
            || FindMember(linktree.Data.Span, "linktree"u8) is not [(byte)'{', ..] profile
            || FindMember(profile, "linktreeAddress"u8) is not [(byte)'"', _, .., (byte)'"'] name)
        {
            return [];
        }

        var isShort = name.Length <= MaxUsernameLength
            || (name.Length <= (MaxUsernameLength * CanonicalValue.MaxBytesPerChar) + 2
                && CanonicalValue.DecodeString(name[1..^1]).Length <= MaxUsernameLength);
        return isShort ? name : [];
    }

    private static ReadOnlySpan<byte> FindMember(ReadOnlySpan<byte> canonicalObject, ReadOnlySpan<byte> key)
    {
        var members = new CanonicalObjectReader(canonicalObject);
        while (members.Read())
        {
            if (members.Key.SequenceEqual(key))
                return members.Value;
        }

        return [];
    }
}
