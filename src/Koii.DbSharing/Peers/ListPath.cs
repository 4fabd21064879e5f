namespace Koii.DbSharing.Peers;

/// <summary>The two paths under which a peer may serve its list (protocol §3).</summary>
internal enum ListPath
{
    /// <summary><c>/all</c>: records under their keys.</summary>
    All,

    /// <summary><c>/list</c>: bare records, the only path of newer JavaScript nodes.</summary>
    List,
}

/// <summary>What a path is called, on the wire and in entity tags.</summary>
internal static class ListPathExtensions
{
    public static string ToSegment(this ListPath path) => path is ListPath.All ? "all" : "list";

    public static ListPath Other(this ListPath path) => path is ListPath.All ? ListPath.List : ListPath.All;
}
