using Microsoft.Extensions.DependencyInjection;
using Moq;

namespace Koii.DbSharing.BouncyCastle.Tests;

public sealed class UseBouncyCastleTests
{
    [Test]
    public void It_replaces_the_verifier_that_was_there()
    {
        var services = new ServiceCollection();
        services.AddDbSharing(options => options.TaskId = "T").UseInMemory().UseBouncyCastle().UseBouncyCastle();
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetServices<ISignatureVerifier>().Single(), Is.InstanceOf<BouncyCastleSignatureVerifier>());
    }

    [Test]
    public void What_the_application_registers_later_wins()
    {
        var mine = Mock.Of<ISignatureVerifier>();
        var services = new ServiceCollection();
        services.AddDbSharing(options => options.TaskId = "T").UseInMemory().UseBouncyCastle();
        services.AddSingleton(mine);
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetRequiredService<ISignatureVerifier>(), Is.SameAs(mine));
    }

    [Test]
    public void A_named_task_chooses_for_itself()
    {
        var services = new ServiceCollection();
        services.AddDbSharing("a", options => options.TaskId = "A").UseInMemory().UseBouncyCastle();
        services.AddDbSharing("b", options => options.TaskId = "B").UseInMemory();
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetKeyedService<ISignatureVerifier>("a"), Is.InstanceOf<BouncyCastleSignatureVerifier>());
        Assert.That(provider.GetKeyedService<ISignatureVerifier>("b"), Is.InstanceOf<Ed25519SignatureVerifier>());
    }

    [Test]
    public void A_missing_builder_is_a_broken_call() =>
        Assert.That(() => ((IDbSharingBuilder)null!).UseBouncyCastle(), Throws.ArgumentNullException);

    [Test]
    public async Task The_engine_asks_it()
    {
        var services = new ServiceCollection();
        Configure(services, "T");
        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetRequiredService<ReplicationEngine>();
        using var author = LinktreeSigner.FromSeed(new byte[32]);
        var linktree = author.Sign("""{"uuid":"u-1","timestamp":1703802587522}"""u8);

        Assert.That(await engine.SubmitAsync(linktree.WithFlippedSignatureBit(0)), Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature)));
        Assert.That((await engine.SubmitAsync(linktree)).Kind, Is.EqualTo(VerdictKind.Inserted));
    }

    private static void Configure(IServiceCollection services, string taskId)
    {
        #region README: Koii.DbSharing.BouncyCastle
        services.AddDbSharing(options => options.TaskId = taskId).UseInMemory().UseBouncyCastle();
        #endregion
    }
}
