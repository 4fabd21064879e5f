namespace Koii.Ed25519.TestSupport;

/// <summary>
/// An implementation of Ed25519 that the machine has as a native library. One thread at a time may use it.
/// </summary>
internal abstract class NativeEd25519 : IDisposable
{
    /// <summary>Its name and version, as it says them itself.</summary>
    internal abstract string Version { get; }

    /// <summary>
    /// Checks a signature by the library's own rule: all libraries agree on signatures that an honest signer made, and
    /// on such with some bits changed.
    /// </summary>
    /// <param name="key">32 bytes.</param>
    /// <param name="message">The signed bytes.</param>
    /// <param name="signature">64 bytes.</param>
    internal abstract bool Verify(ReadOnlySpan<byte> key, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature);

    public virtual void Dispose()
    {
    }
}
