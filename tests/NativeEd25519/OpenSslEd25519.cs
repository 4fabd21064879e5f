using System.Runtime.InteropServices;

namespace Koii.Ed25519.TestSupport;

/// <summary>OpenSSL's <c>EVP_DigestVerify</c>, with a key object made of the raw key for each check.</summary>
internal sealed partial class OpenSslEd25519 : NativeEd25519
{
    // NID_ED25519 of OpenSSL's obj_mac.h, which EVP_PKEY_ED25519 is another name of.
    private const int KeyType = 1087;

    private readonly nint _context = NewContext();

    internal override string Version { get; } = Marshal.PtrToStringUTF8(VersionText(0)) ?? NativeLibraries.OpenSsl;

    /// <summary>Loads the library, or returns <see langword="null"/> where the machine has none.</summary>
    internal static OpenSslEd25519? TryOpen() => NativeLibraries.IsFound(NativeLibraries.OpenSsl) ? new OpenSslEd25519() : null;

    internal override bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        var keyObject = NewKey(KeyType, 0, key, (nuint)key.Length);
        var isValid = keyObject != 0
            && BeginVerify(_context, 0, 0, 0, keyObject) == 1
            && Verify(_context, signature, (nuint)signature.Length, message, (nuint)message.Length) == 1;
        ResetContext(_context);
        FreeKey(keyObject);

        // A refusal is queued as an error of the thread, where others that use OpenSSL would find it.
        if (!isValid)
            ClearErrors();
        return isValid;
    }

    public override void Dispose() => FreeContext(_context);

    [LibraryImport(NativeLibraries.OpenSsl, EntryPoint = "OpenSSL_version")]
    private static partial nint VersionText(int type);

    [LibraryImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_MD_CTX_new")]
    private static partial nint NewContext();

    [LibraryImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_MD_CTX_reset")]
    private static partial int ResetContext(nint context);

    [LibraryImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_MD_CTX_free")]
    private static partial void FreeContext(nint context);

    [LibraryImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_PKEY_new_raw_public_key")]
    private static partial nint NewKey(int type, nint engine, ReadOnlySpan<byte> key, nuint keyLength);

    [LibraryImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_PKEY_free")]
    private static partial void FreeKey(nint key);

    [LibraryImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_DigestVerifyInit")]
    private static partial int BeginVerify(nint context, nint keyContext, nint digest, nint engine, nint key);

    [LibraryImport(NativeLibraries.OpenSsl, EntryPoint = "EVP_DigestVerify")]
    private static partial int Verify(
        nint context, ReadOnlySpan<byte> signature, nuint signatureLength, ReadOnlySpan<byte> message, nuint messageLength);

    [LibraryImport(NativeLibraries.OpenSsl, EntryPoint = "ERR_clear_error")]
    private static partial void ClearErrors();
}
