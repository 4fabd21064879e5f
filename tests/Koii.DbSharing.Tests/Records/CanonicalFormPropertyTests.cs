using FsCheck;
using FsCheck.Fluent;

namespace Koii.DbSharing.Tests.Records;

/// <summary>Laws of the canonical form; a failing check prints the seed of its text.</summary>
public sealed class CanonicalFormPropertyTests
{
    [Test]
    public void Canonical_form_of_a_canonical_form_is_itself() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var canonical = Canonical(new RandomJson(new Random(seed)).Next());
            return Canonical(canonical) == canonical;
        }).QuickCheckThrowOnFailure();

    [Test]
    public void White_space_around_tokens_changes_nothing() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var canonical = Canonical(new RandomJson(new Random(seed)).Next());
            return Canonical(Indented(canonical)) == canonical;
        }).QuickCheckThrowOnFailure();

    [Test]
    public void Value_has_the_same_canonical_form_wherever_it_stands() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var text = new RandomJson(new Random(seed)).Next();
            var canonical = Canonical(text);
            return Canonical($"[{text},{{\"a\":{text}}}]") == $"[{canonical},{{\"a\":{canonical}}}]";
        }).QuickCheckThrowOnFailure();

    private static string Canonical(string text) => Json.Canonical(text, maxDepth: 1_000);

    /// <summary>White space around everything that is not inside a string.</summary>
    private static string Indented(string canonical)
    {
        var text = new System.Text.StringBuilder();
        var inString = false;
        for (var place = 0; place < canonical.Length; place++)
        {
            var symbol = canonical[place];
            if (inString && symbol == '\\')
            {
                text.Append(symbol).Append(canonical[++place]);
                continue;
            }

            if (symbol == '"')
                inString = !inString;
            if (!inString && "{}[],:".Contains(symbol, StringComparison.Ordinal))
                text.Append("\r\n ").Append(symbol).Append("\t ");
            else
                text.Append(symbol);
        }

        return text.ToString();
    }
}
