using Microsoft.CodeAnalysis.CSharp;

namespace Koii.DbSharing.Conventions;

/// <summary>The repository uses the field's terms and American English: <see cref="WordList"/>.</summary>
public sealed class LanguageTests
{
    private static readonly string[] Endings = [".cs", ".csproj", ".js", ".json", ".md", ".props", ".sql", ".yml"];

    private static readonly string[] Folders = ["src", "tests", "samples", "docs", ".github", ".ci"];

    private static IEnumerable<(string Path, string Text)> Texts =>
        from path in Folders.SelectMany(folder => SourceTree.Files(folder, "*")).Append("README.md")
        where Endings.Contains(Path.GetExtension(path)) || path.StartsWith(".ci/", StringComparison.Ordinal)
        select (path, File.ReadAllText(Repository.PathTo(path)));

    [Test]
    public void Words_that_were_coined_here_occur_nowhere() => AssertNone(Texts.SelectMany(text => WordSearch.Anywhere(text.Path, text.Text)));

    [Test]
    public void Identifiers_name_things_by_the_terms_of_the_field() => AssertNone(SourceTree.All.SelectMany(WordSearch.Identifiers));

    [Test]
    public void Log_messages_name_things_by_the_terms_of_the_field() => AssertNone(SourceTree.All.SelectMany(WordSearch.LogMessages));

    [Test]
    public void Spelling_is_American() => AssertNone(Texts.SelectMany(text => WordSearch.British(text.Path, text.Text)));

    [Test]
    public void Every_exception_is_needed()
    {
        var found = Texts.SelectMany(text => WordSearch.Anywhere(text.Path, text.Text).Concat(WordSearch.British(text.Path, text.Text)))
            .Concat(SourceTree.All.SelectMany(WordSearch.Identifiers)).ToArray();

        Assert.That(WordList.Exceptions.Where(exception => !found.Any(finding => Applies(exception, finding))), Is.Empty);
    }

    [TestCase("class PeerLadder;")]
    [TestCase("var judgedLists = 1;")]
    [TestCase("// The peer surprises\n// the caller.")]
    [TestCase("/// It gives up the\n    /// lease.")]
    [TestCase("The lease for task {TaskId} could not be given up")]
    [TestCase("// This is no store.")]
    public void Coined_word_is_found_in_any_text(string text) => Assert.That(WordSearch.Anywhere("a.cs", text), Is.Not.Empty);

    [TestCase("class Grunge;")]
    [TestCase("// There is no store, and it is no longer than that.")]
    [TestCase("// The house style of this repository.")]
    public void Other_word_is_not_found(string text) => Assert.That(WordSearch.Anywhere("a.cs", text), Is.Empty);

    [TestCase("class RoleContract;")]
    [TestCase("class A { int _restUntil; }")]
    [TestCase("class A { void M(int place) { } }")]
    [TestCase("class A { void Peer_knows_the_record() { } }")]
    [TestCase("class A { object F = new AdmissionTest(out var admission); }")]
    public void Word_is_found_in_a_declared_identifier(string code) => Assert.That(WordSearch.Identifiers(Parse(code)), Is.Not.Empty);

    [TestCase("interface IAdmissionPolicy;")]
    [TestCase("class A { void FilterInPlace() { var rest = Role.Turn; } }")]
    [TestCase("class Returned { int replaced, ByteOrderMark; }")]
    public void Identifier_with_another_sense_is_not_found(string code) => Assert.That(WordSearch.Identifiers(Parse(code)), Is.Empty);

    [TestCase("""class A { [LoggerMessage(1000, LogLevel.Debug, "Peer {Peer} rests", EventName = nameof(B))] void B() { } }""")]
    [TestCase("""class A { [LoggerMessage(EventId = 1, Message = "A " + "turn")] void B() { } }""")]
    [TestCase("""class A { void B() => logger.LogInformation("The {Role} failed"); }""")]
    public void Word_is_found_in_a_log_message(string code) => Assert.That(WordSearch.LogMessages(Parse(code)), Is.Not.Empty);

    [TestCase("class A { void B() => logger.LogInformation(\"The {Service} failed\"); }")]
    public void Log_message_without_the_words_passes(string code) => Assert.That(WordSearch.LogMessages(Parse(code)), Is.Empty);

    private static SourceFile Parse(string code) => new("a.cs", code, CSharpSyntaxTree.ParseText(code).GetCompilationUnitRoot(), "");

    private static void AssertNone(IEnumerable<WordFinding> findings) =>
        Findings.AssertNone(findings.Where(finding => !WordList.Exceptions.Any(exception => Applies(exception, finding))));

    private static bool Applies(WordException exception, WordFinding finding) =>
        exception.Path == finding.Path && (exception.Word.Length == 0 || exception.Word.Equals(finding.Word, StringComparison.OrdinalIgnoreCase));
}
