namespace Koii.DbSharing.Tests.Records;

[TestFixture]
internal sealed class PublicKeyTests
{
    [Test]
    public void Key_that_was_written_is_read_again()
    {
        var key = new PublicKey([.. Enumerable.Range(0, PublicKey.Size).Select(i => (byte)i)]);

        Assert.That(PublicKey.Parse(key.ToString()), Is.EqualTo(key));
    }

    [TestCase("")]
    [TestCase("0OIl")]
    [TestCase(" 11111111111111111111111111111111")]
    [TestCase("1111111111111111111111111111111")]
    public void What_is_no_key_is_an_error_that_shows_it(string text) =>
        Assert.That(() => PublicKey.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains($"'{text}'"));
}
