using System.Security.Cryptography;
using BouncyCastleEd25519 = Org.BouncyCastle.Math.EC.Rfc8032.Ed25519;

namespace Koii.DbSharing;

/// <summary>
/// Signs records as an author (RFC 8032 §5.1.6), for tests, tools and bots. A node does not need it: it relays what
/// authors signed.
/// </summary>
/// <remarks>
/// <para>The arithmetic is that of BouncyCastle.Cryptography. Its documentation does not promise constant time. Its
/// source is written for it: signing uses no function of those that are named as variable in time, and a table lookup
/// reads every entry and selects by masks. The just-in-time compiler guarantees none of this, so do not sign where an
/// attacker can measure the time of single steps, for example on a machine that is shared with strangers.</para>
/// <para>The seed is kept in memory that the garbage collector does not move, and <see cref="Dispose"/> overwrites it.
/// BouncyCastle does not overwrite what it derives from the seed for a signature: such values stay on the stack and in
/// garbage until other data replaces them.</para>
/// <para>It is safe for use by multiple threads. A call of <see cref="Sign"/> that overlaps <see cref="Dispose"/>
/// returns a valid signature or throws.</para>
/// </remarks>
public sealed class LinktreeSigner : IDisposable
{
    private const int SeedSize = 32;

    private readonly byte[] _seed = GC.AllocateArray<byte>(SeedSize, pinned: true);
    private bool _isDisposed;

    private LinktreeSigner(ReadOnlySpan<byte> seed)
    {
        seed.CopyTo(_seed);
        Span<byte> publicKey = stackalloc byte[PublicKey.Size];
        BouncyCastleEd25519.GeneratePublicKey(seed, publicKey);
        PublicKey = new PublicKey(publicKey);
    }

    /// <summary>The author's key. It stays readable after <see cref="Dispose"/>.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>Creates a signer from an Ed25519 seed, which RFC 8032 calls the private key.</summary>
    /// <param name="seed">Exactly 32 secret bytes from a cryptographic random number generator. They are copied; the
    /// caller clears its own copy.</param>
    /// <returns>The signer. Dispose of it when the key is no longer needed.</returns>
    /// <exception cref="ArgumentException"><paramref name="seed"/> has another length.</exception>
    public static LinktreeSigner FromSeed(ReadOnlySpan<byte> seed) =>
        seed.Length == SeedSize
            ? new LinktreeSigner(seed)
            : throw new ArgumentException($"A seed has {SeedSize} bytes, not {seed.Length}.", nameof(seed));

    /// <summary>
    /// Converts a data object to its canonical form (protocol §1) and signs it. The same text always gets the same
    /// signature.
    /// </summary>
    /// <param name="dataJson">The text of the data object as UTF-8; it need not be canonical.</param>
    /// <returns>The signed record.</returns>
    /// <exception cref="ArgumentException"><paramref name="dataJson"/> is not the data of a record; the message states
    /// the reason.</exception>
    /// <exception cref="ObjectDisposedException">The signer has been disposed of.</exception>
    public SignedLinktree Sign(ReadOnlySpan<byte> dataJson)
    {
        var unsigned = Create(default, dataJson);
        Span<byte> signature = stackalloc byte[LinktreeSignature.Size];
        SignMessage(unsigned.Data.Span, signature);
        return Create(new LinktreeSignature(signature), unsigned.Data.Span);
    }

    /// <summary>Overwrites the seed. Signing is no longer possible.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        Interlocked.MemoryBarrier();
        CryptographicOperations.ZeroMemory(_seed);
    }

    /// <summary>Signs any message: those of published test vectors are not records.</summary>
    internal void SignMessage(ReadOnlySpan<byte> message, Span<byte> signature)
    {
        Span<byte> seed = stackalloc byte[SeedSize];
        try
        {
            CopySeed(seed);
            BouncyCastleEd25519.Sign(seed, PublicKey.AsSpan(), message, signature);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(seed);
        }
    }

    /// <summary>Copies the whole seed, or throws if the signer has been disposed of.</summary>
    internal void CopySeed(Span<byte> seed)
    {
        _seed.CopyTo(seed);

        // Checked after the copy: a signature by a seed that is overwritten in part would reveal the rest of it.
        Interlocked.MemoryBarrier();
        ObjectDisposedException.ThrowIf(_isDisposed, this);
    }

    private SignedLinktree Create(LinktreeSignature signature, ReadOnlySpan<byte> dataJson) =>
        SignedLinktree.TryCreate(PublicKey, signature, dataJson, out var linktree, out var reason)
            ? linktree
            : throw new ArgumentException($"The text is not the data of a record: {Describe(reason)}.", nameof(dataJson));

    private static string Describe(RejectionReason reason) => reason switch
    {
        RejectionReason.TooLarge => $"its canonical form is longer than {SignedLinktree.MaxDataBytes} bytes",
        RejectionReason.TooDeep => $"it is nested more than {SignedLinktree.MaxDepth} levels deep",
        RejectionReason.Malformed =>
            "it must be a JSON object in valid UTF-8 with a \"uuid\" (a string of 1 to 128 UTF-16 units without U+0000 and unpaired surrogates), "
            + "a \"timestamp\" (an integer from 0 to 2^53-1, in milliseconds) and, if any, a \"taskId\" that is a string",
        _ => reason.ToString(),
    };
}
