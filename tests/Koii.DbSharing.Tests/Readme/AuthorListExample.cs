using Microsoft.Extensions.DependencyInjection;

namespace Koii.DbSharing.Tests.Readme;

#region README: Keep the records of some authors only
public sealed class AuthorList(params IEnumerable<PublicKey> authors) : IAdmissionPolicy
{
    private readonly HashSet<PublicKey> _authors = [.. authors];

    public ValueTask<bool> IsAdmittedAsync(SignedLinktree linktree, CancellationToken cancellationToken = default) => new(_authors.Contains(linktree.Author));
}
#endregion

/// <summary>The policy that README.md shows, at work.</summary>
public sealed class AuthorListExample
{
    [TestCase("")]
    [TestCase("one")]
    public async Task Records_of_listed_authors_are_kept_and_those_of_others_are_not(string name)
    {
        using var alice = LinktreeSigner.FromSeed(new byte[32]);
        using var mallory = LinktreeSigner.FromSeed([.. Enumerable.Repeat((byte)1, 32)]);
        var services = new ServiceCollection();
        var builder = name.Length == 0
            ? services.AddDbSharing(options => options.TaskId = "T")
            : services.AddDbSharing(name, options => options.TaskId = "T");
        builder.UseInMemory().UseAdmissionPolicy((_, _) => new AuthorList(alice.PublicKey));
        await using var provider = services.BuildServiceProvider();
        var engine = name.Length == 0 ? provider.GetRequiredService<ReplicationEngine>() : provider.GetRequiredKeyedService<ReplicationEngine>(name);

        var hers = await engine.SubmitAsync(alice.Sign("""{"uuid":"u","timestamp":1}"""u8));
        var others = await engine.SubmitAsync(mallory.Sign("""{"uuid":"u","timestamp":1}"""u8));

        Assert.That(hers, Is.EqualTo(new Verdict(VerdictKind.Inserted)));
        Assert.That(others, Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.Policy)));
    }
}
