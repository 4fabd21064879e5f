using Koii.DbSharing.Records;
using SimpleBase;

namespace Koii.DbSharing.Tests.Records;

/// <summary>Compares with SimpleBase, an independent implementation.</summary>
public sealed class Base58TextTests
{
    [Test]
    public void Encoding_equals_that_of_SimpleBase_and_decodes_to_the_same_bytes([Values(32, 64)] int length)
    {
        var seed = Random.Shared.Next();
        TestContext.Out.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var bytes = new byte[length];
        var decoded = new byte[length];
        for (var round = 0; round < 2_000; round++)
        {
            random.NextBytes(bytes);
            bytes.AsSpan(0, random.Next(4) == 0 ? random.Next(length + 1) : 0).Clear();
            bytes.AsSpan(0, random.Next(4) == 0 ? random.Next(length + 1) : 0).Fill(0xFF);
            var text = Base58Text.Encode(bytes);
            Assert.That(text, Is.EqualTo(Base58.Bitcoin.Encode(bytes)));
            Assert.That(Base58Text.TryDecode(text, decoded), Is.True);
            Assert.That(decoded, Is.EqualTo(bytes));
        }
    }

    [Test]
    public void Lowest_and_highest_values_have_the_shortest_and_longest_texts([Values(32, 64)] int length)
    {
        var zeros = new byte[length];
        Assert.That(Base58Text.Encode(zeros), Is.EqualTo(new string('1', length)));
        Assert.That(Base58Text.TryDecode(new string('1', length), new byte[length]), Is.True);
        Assert.That(Base58Text.TryDecode(new string('1', length - 1), new byte[length]), Is.False);
        Assert.That(Base58Text.TryDecode(new string('1', length + 1), new byte[length]), Is.False);

        zeros.AsSpan().Fill(0xFF);
        var greatest = Base58Text.Encode(zeros);
        Assert.That(greatest, Has.Length.EqualTo(length == 32 ? 44 : 88));
        Assert.That(Base58Text.TryDecode(greatest, new byte[length]), Is.True);
        Assert.That(Base58Text.TryDecode("1" + greatest, new byte[length]), Is.False);
        Assert.That(Base58Text.TryDecode("z" + greatest[1..], new byte[length]), Is.False);
    }

    [Test]
    public void Texts_of_other_lengths_are_rejected([Values(32, 64)] int length)
    {
        for (var other = 0; other <= 96; other++)
        {
            var bytes = new byte[other];
            bytes.AsSpan().Fill(1);
            Assert.That(Base58Text.TryDecode(Base58.Bitcoin.Encode(bytes), new byte[length]), Is.EqualTo(other == length));
            bytes.AsSpan(0, other / 2).Clear();
            Assert.That(Base58Text.TryDecode(Base58.Bitcoin.Encode(bytes), new byte[length]), Is.EqualTo(other == length));
        }
    }

    [Test]
    public void Characters_outside_the_alphabet_are_rejected()
    {
        var text = Base58Text.Encode(Enumerable.Range(0, 32).Select(value => (byte)(value + 1)).ToArray());
        for (var character = '\0'; character < 0x200; character++)
        {
            var expected = char.IsAsciiLetterOrDigit(character) && !"0OIl".Contains(character, StringComparison.Ordinal);
            foreach (var index in new[] { 5, text.Length - 1 })
                Assert.That(
                    PublicKey.TryParse(text[..index] + character + text[(index + 1)..], out _), Is.EqualTo(expected), () => $"U+{(int)character:X4}");
        }

        foreach (var changed in new[] { " " + text, text + " ", text + "\n", "\u00a0" + text, text.Insert(9, " "), text + "\ud83d", "é" + text[1..] })
            Assert.That(PublicKey.TryParse(changed, out _), Is.False);
    }
}
