namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>What the processes do that tests start.</summary>
internal static class Program
{
    public static Task<int> Main(string[] arguments) => throw new ArgumentException($"There is no program '{string.Join(' ', arguments)}'.");
}
