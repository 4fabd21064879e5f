using Microsoft.Extensions.DependencyInjection;
using Moq;

namespace Koii.DbSharing.Tests.Signatures;

public sealed class UseBouncyCastleTests
{
    [Test]
    public void Registered_verifier_is_replaced_and_a_second_call_has_no_effect()
    {
        var services = new ServiceCollection();
        services.AddDbSharing(options => options.TaskId = "T").UseInMemory().UseBouncyCastle().UseBouncyCastle();
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetServices<ISignatureVerifier>().Single(), Is.InstanceOf<BouncyCastleSignatureVerifier>());
    }

    [Test]
    public void Verifier_that_the_application_registers_later_is_used()
    {
        var mine = Mock.Of<ISignatureVerifier>();
        var services = new ServiceCollection();
        services.AddDbSharing(options => options.TaskId = "T").UseInMemory().UseBouncyCastle();
        services.AddSingleton(mine);
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetRequiredService<ISignatureVerifier>(), Is.SameAs(mine));
    }

    [Test]
    public void Named_task_has_a_verifier_of_its_own()
    {
        var services = new ServiceCollection();
        services.AddDbSharing("a", options => options.TaskId = "A").UseInMemory().UseBouncyCastle();
        services.AddDbSharing("b", options => options.TaskId = "B").UseInMemory();
        using var provider = services.BuildServiceProvider();

        Assert.That(provider.GetKeyedService<ISignatureVerifier>("a"), Is.InstanceOf<BouncyCastleSignatureVerifier>());
        Assert.That(provider.GetKeyedService<ISignatureVerifier>("b"), Is.InstanceOf<Ed25519SignatureVerifier>());
    }

    [Test]
    public void Missing_builder_is_an_error() =>
        Assert.That(() => ((IDbSharingBuilder)null!).UseBouncyCastle(), Throws.ArgumentNullException);

    [Test]
    public async Task Engine_verifies_with_it()
    {
        var services = new ServiceCollection();
        services.AddDbSharing(options => options.TaskId = "T").UseInMemory().UseBouncyCastle();
        await using var provider = services.BuildServiceProvider();
        var engine = provider.GetRequiredService<ReplicationEngine>();
        using var author = LinktreeSigner.FromSeed(new byte[32]);
        var linktree = author.Sign("""{"uuid":"u-1","timestamp":1703802587522}"""u8);

        Assert.That(await engine.SubmitAsync(linktree.WithFlippedSignatureBit(0)), Is.EqualTo(new Verdict(VerdictKind.Rejected, RejectionReason.BadSignature)));
        Assert.That((await engine.SubmitAsync(linktree)).Kind, Is.EqualTo(VerdictKind.Inserted));
    }
}
