using FsCheck;
using FsCheck.Fluent;

namespace Koii.DbSharing.Tests.Records;

/// <summary>Properties of the canonical form. A failing check prints the seed of its text.</summary>
public sealed class CanonicalJsonPropertyTests
{
    [Test]
    public void Canonical_form_of_a_canonical_form_is_the_same() =>
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
    public void Value_has_the_same_canonical_form_inside_arrays_and_objects() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int>(), seed =>
        {
            var text = new RandomJson(new Random(seed)).Next();
            var canonical = Canonical(text);
            return Canonical($"[{text},{{\"a\":{text}}}]") == $"[{canonical},{{\"a\":{canonical}}}]";
        }).QuickCheckThrowOnFailure();

    private static string Canonical(string text) => Json.Canonical(text, maxDepth: 1_000);

    /// <summary>Inserts white space around all tokens.</summary>
    private static string Indented(string canonical)
    {
        var text = new System.Text.StringBuilder();
        var inString = false;
        for (var i = 0; i < canonical.Length; i++)
        {
            var symbol = canonical[i];
            if (inString && symbol == '\\')
            {
                text.Append(symbol).Append(canonical[++i]);
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
