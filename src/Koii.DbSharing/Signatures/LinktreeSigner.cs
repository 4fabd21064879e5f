using Koii.DbSharing.Signatures.Edwards25519;

namespace Koii.DbSharing;

/// <summary>
/// Signs records as an author (RFC 8032 §5.1.6), for tests, tools and bots. A node needs none: it relays what authors signed.
/// </summary>
/// <remarks>
/// <para>The key is held in memory that the garbage collector does not move, until <see cref="Dispose"/> overwrites it. Copies of
/// parts of it may stay on the stacks of threads that signed.</para>
/// <para>No branch and no table index of the managed code depends on the secret. The just-in-time compiler promises nothing of the
/// kind, so do not sign where an attacker can measure single steps, such as on a machine shared with strangers.</para>
/// <para>It is safe for use by many threads. Signing that <see cref="Dispose"/> overtakes ends with a good signature or with the exception.</para>
/// </remarks>
public sealed class LinktreeSigner : IDisposable
{
    private readonly Ed25519PrivateKey _key;

    private LinktreeSigner(Ed25519PrivateKey key)
    {
        _key = key;
        PublicKey = new PublicKey(key.PublicKey);
    }

    /// <summary>The author's key. It stays readable after <see cref="Dispose"/>.</summary>
    public PublicKey PublicKey { get; }

    /// <summary>Makes a signer of an Ed25519 seed, which RFC 8032 calls the private key.</summary>
    /// <param name="seed">Exactly 32 secret bytes from a good generator. They are not kept; the caller clears its own copy.</param>
    /// <returns>The signer. Dispose of it when the key is no longer needed.</returns>
    /// <exception cref="ArgumentException"><paramref name="seed"/> has another length.</exception>
    public static LinktreeSigner FromSeed(ReadOnlySpan<byte> seed) => new(new Ed25519PrivateKey(seed));

    /// <summary>Brings a data object into its canonical form (protocol §1) and signs that. The same text always gets the same signature.</summary>
    /// <param name="dataJson">The text of the data object as UTF-8; it need not be canonical.</param>
    /// <returns>The signed record.</returns>
    /// <exception cref="ArgumentException"><paramref name="dataJson"/> is not the data of a record; the message says why.</exception>
    /// <exception cref="ObjectDisposedException">The signer has been disposed of.</exception>
    public SignedLinktree Sign(ReadOnlySpan<byte> dataJson)
    {
        var unsigned = Create(default, dataJson);
        Span<byte> signature = stackalloc byte[LinktreeSignature.Size];
        _key.Sign(unsigned.Data.Span, signature);
        return Create(new LinktreeSignature(signature), unsigned.Data.Span);
    }

    /// <summary>Overwrites the key. Signing is no longer possible.</summary>
    public void Dispose() => _key.Dispose();

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
