using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Koii.DbSharing.Conventions;

/// <summary>
/// Finds the words of <see cref="WordList"/> in texts, in identifiers by their parts, and in log messages.
/// </summary>
internal static partial class WordSearch
{
    private static readonly IReadOnlyDictionary<string, string> AnywhereWords = Words(WordList.Anywhere);

    private static readonly IReadOnlyDictionary<string, string> OrdinaryWords = Words(WordList.InIdentifiersAndLogMessages);

    private static readonly IReadOnlyDictionary<string, string> BritishWords = Words(WordList.British);

    private static readonly (Regex Pattern, string Instead)[] Phrases =
        [.. from rule in WordList.Anywhere from word in rule.Words where word.Contains(' ') select (Phrase(word), rule.Instead)];

    /// <summary>Words and phrases that may occur nowhere.</summary>
    public static IEnumerable<WordFinding> Anywhere(string path, string text) =>
        Parts(path).Concat(Parts(text)).Where(part => AnywhereWords.ContainsKey(part.Word.ToLowerInvariant()))
            .Select(part => new WordFinding(path, Line(text, part.Index), part.Word, AnywhereWords[part.Word.ToLowerInvariant()]))
            .Concat(
                from phrase in Phrases
                from match in phrase.Pattern.Matches(text)
                select new WordFinding(path, Line(text, match.Index), OneLine(match.Value), phrase.Instead));

    public static IEnumerable<WordFinding> British(string path, string text) =>
        from part in Parts(text)
        let word = part.Word.ToLowerInvariant()
        let instead = BritishWords.GetValueOrDefault(word) ?? (WordList.BritishVerb().IsMatch(word) ? "-ize" : null)
        where instead is not null
        select new WordFinding(path, Line(text, part.Index), part.Word, instead);

    /// <summary>Declared identifiers with a part that has a term of the field.</summary>
    public static IEnumerable<WordFinding> Identifiers(SourceFile file) =>
        from token in file.Root.DescendantTokens()
        where token.IsKind(SyntaxKind.IdentifierToken) && token.Parent is not SimpleNameSyntax
        where token.ValueText != "rest"   // The remainder.
        let parts = Parts(token.ValueText).Select(part => part.Word).ToArray()
        from index in Enumerable.Range(0, parts.Length)
        where OrdinaryWords.ContainsKey(parts[index].ToLowerInvariant()) && !IsCompound(parts, index)
        select new WordFinding(file.Path, file.LineOf(token.SpanStart), token.ValueText, OrdinaryWords[parts[index].ToLowerInvariant()]);

    public static IEnumerable<WordFinding> LogMessages(SourceFile file) =>
        from message in file.Root.DescendantNodes().Where(IsLogCall).SelectMany(node => node.DescendantTokens())
        where IsText(message.Kind())
        from part in Parts(message.ValueText)
        where OrdinaryWords.ContainsKey(part.Word.ToLowerInvariant())
        select new WordFinding(file.Path, file.LineOf(message.SpanStart), part.Word, OrdinaryWords[part.Word.ToLowerInvariant()]);

    private static bool IsLogCall(SyntaxNode node) => node switch
    {
        AttributeSyntax attribute => attribute.Name.ToString() == "LoggerMessage",
        InvocationExpressionSyntax { Expression: MemberAccessExpressionSyntax called } =>
            called.Name.Identifier.ValueText is "Log" or "LogTrace" or "LogDebug" or "LogInformation" or "LogWarning" or "LogError" or "LogCritical",
        _ => false,
    };

    private static bool IsText(SyntaxKind kind) => kind is SyntaxKind.StringLiteralToken
        or SyntaxKind.SingleLineRawStringLiteralToken or SyntaxKind.MultiLineRawStringLiteralToken or SyntaxKind.InterpolatedStringTextToken;

    private static bool IsCompound(string[] parts, int index) =>
        (index > 0 && WordList.Compound().IsMatch(Pascal(parts[index - 1]) + Pascal(parts[index])))
        || (index + 1 < parts.Length && WordList.Compound().IsMatch(Pascal(parts[index]) + Pascal(parts[index + 1])));

    private static string Pascal(string part) => char.ToUpperInvariant(part[0]) + part[1..].ToLowerInvariant();

    private static Dictionary<string, string> Words(WordRule[] rules) =>
        (from rule in rules from word in rule.Words where !word.Contains(' ') select (word, rule.Instead))
            .ToDictionary(entry => entry.word, entry => entry.Instead);

    // Text runs over the ends of lines, and in a comment over what begins the next one.
    private static Regex Phrase(string words) =>
        new(@"\b" + words.Replace(" ", @"(?:\s|///?|--|\*)+", StringComparison.Ordinal) + @"\b", RegexOptions.IgnoreCase);

    private static IEnumerable<(string Word, int Index)> Parts(string text) => Part().Matches(text).Select(match => (match.Value, match.Index));

    private static int Line(string text, int index) => text.AsSpan(0, Math.Min(index, text.Length)).Count('\n') + 1;

    private static string OneLine(string text) => White().Replace(text, " ");

    /// <summary>
    /// A word in capitals, or a word with or without a leading capital: "URLPath" has two, "isOpen" has two.
    /// </summary>
    [GeneratedRegex("[A-Z]+(?![a-z])|[A-Z]?[a-z]+")]
    private static partial Regex Part();

    [GeneratedRegex(@"[\s/]+")]
    private static partial Regex White();
}

/// <summary>A word that a rule forbids, with its file and line and what to write instead.</summary>
internal sealed record WordFinding(string Path, int Line, string Word, string Instead)
{
    public override string ToString() => $"{Path}:{Line}: {Word} (write: {Instead})";
}
