namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// Feeds mutations of valid inputs to every reader of untrusted bytes. A reader throws no exception, ends, allocates at
/// most a multiple of its input, and writes accepted input as it read it. See <see cref="FuzzSettings"/> for more
/// inputs and for repeating a run.
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
    public async Task Mutations_cause_no_failure(string name)
    {
        var (_, make, share) = Targets.Single(target => target.Name == name);
        var target = make();
        using var end = target as IDisposable;

        await new Fuzzer(target, FuzzSettings.Seed).RunAsync((int)(FuzzSettings.Inputs * share));
    }

    [Test]
    public void Shares_add_up_to_one() => Assert.That(Targets.Sum(target => target.Share), Is.EqualTo(1).Within(1e-9));

    [Test]
    public void Every_folder_of_failures_belongs_to_a_target() =>
        Assert.That(Directory.EnumerateDirectories(Failures).Select(Path.GetFileName), Is.Not.Empty.And.SubsetOf(Names));

    /// <summary>Inputs that failed once, each in the folder of its target.</summary>
    [TestCaseSource(nameof(Names))]
    public async Task Former_failures_do_not_fail_again(string name)
    {
        var target = Targets.Single(target => target.Name == name).Make();
        using var end = target as IDisposable;
        var folder = Path.Combine(Failures, name);
        foreach (var path in Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [])
            Assert.That(async () => await target.FeedAsync(await File.ReadAllBytesAsync(path)), Throws.Nothing, path);
    }
}
