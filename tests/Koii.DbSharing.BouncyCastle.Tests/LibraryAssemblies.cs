using System.Reflection;

namespace Koii.DbSharing.Conventions;

/// <summary>What the linked conventions look at here: the one library that theirs cannot reference.</summary>
internal static class LibraryAssemblies
{
    public static IReadOnlyList<Assembly> All { get; } = [typeof(BouncyCastleSignatureVerifier).Assembly];
}
