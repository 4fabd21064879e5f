using System.Diagnostics.CodeAnalysis;

namespace Koii.DbSharing.TestSupport;

/// <summary>Checks what a test requires of the machine.</summary>
public static class Prerequisite
{
    /// <summary>Ignores the running test, or fails it where continuous integration must run it (<c>CI=true</c>).</summary>
    [DoesNotReturn]
    public static void IsMissing(string message)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(message);
        else
            Assert.Ignore(message);
        throw new InvalidOperationException(message);
    }
}
