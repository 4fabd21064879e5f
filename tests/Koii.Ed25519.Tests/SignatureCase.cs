using System.Numerics;

namespace Koii.Ed25519.Tests;

/// <summary>A key, a message and a signature, and ways to spoil them.</summary>
internal sealed record SignatureCase(byte[] Key, byte[] Message, byte[] Signature)
{
    internal static readonly BigInteger Secret = ReferenceEd25519.ModuloL(BigInteger.Pow(7, 120));
    internal static readonly byte[] SecretsKey = ReferenceEd25519.Encode(ReferenceEd25519.Multiply(Secret, ReferenceEd25519.B));
    internal static readonly BigInteger Nonce = ReferenceEd25519.ModuloL(BigInteger.Pow(11, 110));

    internal bool IsValid => Ed25519Verifier.Verify(Key, Message, Signature);

    internal bool IsValidByReference => ReferenceEd25519.Verify(Key, Message, Signature);

    /// <summary>Whether the third clause of the rule alone would take it.</summary>
    internal bool EquationHolds => ReferenceEd25519.EquationHolds(Key, Message, Signature);

    internal bool EquationHoldsWithoutCofactor => ReferenceEd25519.EquationHolds(Key, Message, Signature, cofactor: 1);

    /// <summary>Signs with key and R as they are encoded, given the logarithms of both but for small order.</summary>
    internal static SignatureCase Sign(BigInteger a, byte[] key, BigInteger r, byte[] encodedR, byte[] message) =>
        new(key, message, ReferenceEd25519.Sign(a, key, r, encodedR, message));

    internal SignatureCase WithFlippedKeyBit(int bit) => this with { Key = Flip(Key, bit) };

    internal SignatureCase WithFlippedMessageBit(int bit) => this with { Message = Flip(Message, bit) };

    internal SignatureCase WithFlippedSignatureBit(int bit) => this with { Signature = Flip(Signature, bit) };

    /// <summary>Adds L to S, which changes no multiple of B.</summary>
    internal SignatureCase WithOrderAddedToS() =>
        this with { Signature = [.. Signature[..32], .. ReferenceEd25519.Bytes(ReferenceEd25519.Number(Signature.AsSpan(32)) + ReferenceEd25519.L)] };

    public override string ToString() => $"key {Hex(Key)}, message {Hex(Message)}, signature {Hex(Signature)}";

    private static string Hex(byte[] bytes) => Convert.ToHexStringLower(bytes);

    private static byte[] Flip(byte[] bytes, int bit)
    {
        var flipped = bytes.ToArray();
        flipped[bit / 8] ^= (byte)(1 << (bit % 8));
        return flipped;
    }
}
