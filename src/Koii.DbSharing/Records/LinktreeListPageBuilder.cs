using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Koii.DbSharing.Records;

/// <summary>Collects the elements of a list into pages.</summary>
internal sealed class LinktreeListPageBuilder
{
    private static readonly IReadOnlyDictionary<RejectionReason, int> NoneMalformed = new Dictionary<RejectionReason, int>().AsReadOnly();

    private List<SignedLinktree> _linktrees = [];
    private Dictionary<RejectionReason, int>? _malformed;
    private ulong _malformedDigest;
    private int _elements;
    private int _dataBytes;
    private int _listBytes;

    internal bool IsEmpty => _elements == 0;

    internal bool IsFull =>
        _linktrees.Count >= LinktreeListPage.MaxLinktrees || _elements >= LinktreeListPage.MaxElements
        || _dataBytes >= LinktreeListPage.MaxBytes || _listBytes >= LinktreeListPage.MaxBytes;

    internal void Add(ReadOnlySpan<byte> element)
    {
        if (!LinktreeReader.TryRead(element, out var linktree, out var reason))
        {
            Count(reason, XxHash3.HashToUInt64(element));
            return;
        }

        _elements++;
        _dataBytes += linktree.Data.Length;
        _linktrees.Add(linktree);
    }

    // The bytes of the element were not kept.
    internal void AddTooLarge() => Count(RejectionReason.TooLarge, hash: 1);

    /// <summary>Counts bytes that were read from the list.</summary>
    internal void AddBytes(int count) => _listBytes += count;

    /// <summary>Returns the collected elements as a page and starts the next one.</summary>
    internal LinktreeListPage Build(ListEnd end)
    {
        var page = new LinktreeListPage(_linktrees, _malformed ?? NoneMalformed, end) { MalformedDigest = _malformedDigest };
        _linktrees = [];
        _malformed = null;
        _malformedDigest = 0;
        _elements = _dataBytes = _listBytes = 0;
        return page;
    }

    private void Count(RejectionReason reason, ulong hash)
    {
        _elements++;
        _malformedDigest = unchecked(_malformedDigest + hash);
        _malformed ??= [];
        CollectionsMarshal.GetValueRefOrAddDefault(_malformed, reason, out _)++;
    }
}
