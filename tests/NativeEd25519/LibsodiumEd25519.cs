using System.Runtime.InteropServices;

namespace Koii.Ed25519.TestSupport;

/// <summary>libsodium's <c>crypto_sign_ed25519_verify_detached</c>.</summary>
internal sealed partial class LibsodiumEd25519 : NativeEd25519
{
    private LibsodiumEd25519() => Version = $"libsodium {Marshal.PtrToStringUTF8(VersionString())}";

    internal override string Version { get; }

    /// <summary>Loads the library, or returns <see langword="null"/> where the machine has none.</summary>
    internal static LibsodiumEd25519? TryOpen() => NativeLibraries.IsFound(NativeLibraries.Libsodium) && Initialize() >= 0 ? new LibsodiumEd25519() : null;

    internal override bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        VerifyDetached(signature, message, (ulong)message.Length, key) == 0;

    [LibraryImport(NativeLibraries.Libsodium, EntryPoint = "sodium_init")]
    private static partial int Initialize();

    [LibraryImport(NativeLibraries.Libsodium, EntryPoint = "sodium_version_string")]
    private static partial nint VersionString();

    [LibraryImport(NativeLibraries.Libsodium, EntryPoint = "crypto_sign_ed25519_verify_detached")]
    private static partial int VerifyDetached(ReadOnlySpan<byte> signature, ReadOnlySpan<byte> message, ulong messageLength, ReadOnlySpan<byte> key);
}
