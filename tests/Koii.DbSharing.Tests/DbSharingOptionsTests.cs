namespace Koii.DbSharing.Tests;

public sealed class DbSharingOptionsTests
{
    private static readonly DbSharingOptionsValidator Validator = new();

    [Test]
    public void Defaults_are_those_of_the_protocol()
    {
        var options = new DbSharingOptions();

        Assert.Multiple(() =>
        {
            Assert.That(options.ResourceName, Is.EqualTo("linktree"));
            Assert.That(options.Interval, Is.EqualTo(TimeSpan.FromSeconds(20)));
            Assert.That((options.FanOut, options.MaxConcurrentPeers, options.LinktreesPerAuthor), Is.EqualTo((8, 4, 16)));
            Assert.That((options.MaxRecords, options.MaxBytes), Is.EqualTo((1_000_000, 1L << 30)));
            Assert.That((options.MaxRetainedChanges, options.ChangeRetention), Is.EqualTo((100_000, TimeSpan.FromDays(7))));
            Assert.That(options.MaxClockSkew, Is.EqualTo(TimeSpan.FromMinutes(10)));
            Assert.That(options.AllowPrivateAddresses, Is.False);
            Assert.That(options.PeerLimits.ConnectTimeout, Is.EqualTo(TimeSpan.FromSeconds(5)));
            Assert.That(options.PeerLimits.HeadersTimeout, Is.EqualTo(TimeSpan.FromSeconds(10)));
            Assert.That(options.PeerLimits.IdleTimeout, Is.EqualTo(TimeSpan.FromSeconds(10)));
            Assert.That(options.PeerLimits.PeerTimeout, Is.EqualTo(TimeSpan.FromSeconds(60)));
            Assert.That(options.PeerLimits.MinBytesPerSecond, Is.EqualTo(65_536));
            Assert.That(options.PeerLimits.MaxListBytes, Is.EqualTo(1L << 30));
            Assert.That(options.PeerLimits.MaxListElements, Is.EqualTo(1_000_000));
            Assert.That(options.PeerLimits.MaxElementBytes, Is.EqualTo(262_144));
            Assert.That(options.PeerLimits.MaxNodeListBytes, Is.EqualTo(8 << 20));
            Assert.That(options.PeerLimits.MaxNodeListElements, Is.EqualTo(10_000));
            Assert.That(options.PeerLimits.MaxBadSignatures, Is.EqualTo(1_000));
        });
    }

    [Test]
    public void Defaults_with_a_task_are_valid() =>
        Assert.That(Errors(options => options.TaskId = "EXAMPLE_TASK_ID"), Is.Empty);

    [Test]
    public void Every_error_is_reported_with_its_value()
    {
        var errors = Errors(options =>
        {
            options.TaskId = "a/b";
            options.ResourceName = "..";
            options.Nodes.Add("ftp://node.example");
            options.Nodes.Add("https://user:secret@node.example");
            options.OwnUrls.Add("node.example");
            options.Interval = TimeSpan.Zero;
            options.FanOut = options.MaxConcurrentPeers = options.LinktreesPerAuthor = 0;
            options.MaxRecords = -1;
            options.MaxBytes = 1000;
            options.MaxClockSkew = TimeSpan.FromSeconds(-1);
            options.MaxRetainedChanges = 0;
            options.ChangeRetention = TimeSpan.MaxValue;
            options.PeerLimits.ConnectTimeout = TimeSpan.FromSeconds(30);
            options.PeerLimits.IdleTimeout = Timeout.InfiniteTimeSpan;
            options.PeerLimits.MaxListBytes = 0;
        });

        Assert.That(errors, Is.EqualTo(new[]
        {
            "TaskId is 'a/b'; it must be the id of the task: letters, digits, '-', '_', '.' and '~'.",
            "ResourceName is '..'; it must be a word of letters, digits, '-', '_', '.' and '~'.",
            "Nodes contains 'ftp://node.example'; each must be an absolute http or https URL without user information, query and fragment.",
            "Nodes contains 'https://…@node.example'; each must be an absolute http or https URL without user information, query and fragment.",
            "OwnUrls contains 'node.example'; each must be an absolute http or https URL without user information, query and fragment.",
            "Interval is 00:00:00; it must be from 1 second to 1 day.",
            "MaxClockSkew is -00:00:01; it must be from zero to 1 day.",
            $"ChangeRetention is {TimeSpan.MaxValue}; it must be more than zero and at most 3650 days.",
            "FanOut is 0; it must be at least 1.",
            "MaxConcurrentPeers is 0; it must be at least 1.",
            "LinktreesPerAuthor is 0; it must be at least 1.",
            "MaxRecords is -1; it must be at least 1.",
            "MaxRetainedChanges is 0; it must be at least 1.",
            "PeerLimits.MaxListBytes is 0; it must be at least 1.",
            "MaxBytes is 1000; it must be at least 1048576 (1 MiB).",
            "PeerLimits.IdleTimeout is -00:00:00.0010000; it must be more than zero and at most 1 day.",
            "PeerLimits.HeadersTimeout is 00:00:10, less than ConnectTimeout (00:00:30), which is a part of it.",
        }));
    }

    [Test]
    public void Every_limit_of_a_peer_is_checked()
    {
        foreach (var limit in typeof(PeerLimits).GetProperties())
        {
            var errors = Errors(options =>
            {
                options.TaskId = "T";
                limit.SetValue(options.PeerLimits, limit.PropertyType.IsValueType ? Activator.CreateInstance(limit.PropertyType) : null);
            });
            Assert.That(errors, Has.Some.StartsWith($"PeerLimits.{limit.Name} is 0"), limit.Name);
        }
    }

    private static IEnumerable<string> Errors(Action<DbSharingOptions> configure)
    {
        var options = new DbSharingOptions();
        configure(options);
        return Validator.Validate(null, options).Failures ?? [];
    }
}
