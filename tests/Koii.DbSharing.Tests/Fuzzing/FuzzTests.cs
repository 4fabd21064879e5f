namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// Every reader of foreign bytes, fed with mutations of what it should read: it throws nothing, ends, allocates no more than a multiple of its input, and what it accepts
/// comes back the same. <see cref="FuzzSettings"/> says how to run it longer, or again.
/// </summary>
public sealed class FuzzTests
{
    private static readonly (string Name, Func<IFuzzTarget> Make, double Share)[] Targets =
    [
        ("CanonicalForm", () => new CanonicalFormTarget(), 0.25),
        ("Record", () => new RecordTarget(), 0.17),
        ("List", () => new ListTarget(), 0.08),
        ("Base58", () => new Base58Target(), 0.17),
        ("NodeList", () => new NodeListTarget(), 0.08),
        ("HttpAnswer", () => new HttpAnswerTarget(), 0.03),
        ("Reconciler", () => new ReconcilerTarget(), 0.02),
        ("Submission", () => new SubmissionTarget(), 0.12),
        ("Message", () => new MessageTarget(), 0.05),
        ("Summary", () => new SummaryTarget(), 0.03),
    ];

    private static string Failures => Path.Combine(AppContext.BaseDirectory, "Fuzzing", "Failures");

    private static IEnumerable<string> Names => Targets.Select(target => target.Name);

    [TestCaseSource(nameof(Names))]
    public async Task Mutations_break_nothing(string name)
    {
        var (_, make, share) = Targets.Single(target => target.Name == name);
        var target = make();
        using var end = target as IDisposable;

        await new Fuzzer(target, FuzzSettings.Seed).RunAsync((int)(FuzzSettings.Inputs * share));
    }

    [Test]
    public void Shares_are_the_whole() => Assert.That(Targets.Sum(target => target.Share), Is.EqualTo(1).Within(1e-9));

    [Test]
    public void Every_folder_of_failures_is_that_of_a_reader() =>
        Assert.That(Directory.EnumerateDirectories(Failures).Select(Path.GetFileName), Is.Not.Empty.And.SubsetOf(Names));

    /// <summary>Inputs that once failed, each in the folder of its reader.</summary>
    [TestCaseSource(nameof(Names))]
    public async Task What_once_failed_does_not_fail_again(string name)
    {
        var target = Targets.Single(target => target.Name == name).Make();
        using var end = target as IDisposable;
        var folder = Path.Combine(Failures, name);
        foreach (var path in Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [])
            Assert.That(async () => await target.FeedAsync(await File.ReadAllBytesAsync(path)), Throws.Nothing, path);
    }
}
