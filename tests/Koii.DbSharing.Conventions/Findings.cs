namespace Koii.DbSharing.Conventions;

/// <summary>What a convention test found.</summary>
internal static class Findings
{
    /// <summary>Fails with every finding on a line of its own, where the constraint alone shows the first ten.</summary>
    public static void AssertNone<T>(IEnumerable<T> findings)
    {
        var found = findings.Distinct().ToArray();

        Assert.That(found, Is.Empty, string.Join('\n', found));
    }
}
