using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Negentropy;

/// <summary><c>negentropy-stdio</c>: this implementation on standard input and output, to be run against others. The frame limit is <c>FRAMESIZELIMIT</c> of the environment.</summary>
internal static class StdioCommand
{
    internal const string Verb = "negentropy-stdio";

    private const string FrameLimitVariable = "FRAMESIZELIMIT";

    internal static int Run()
    {
        var frameLimit = int.Parse(Environment.GetEnvironmentVariable(FrameLimitVariable) is { Length: > 0 } text ? text : "0", NumberStyles.None, CultureInfo.InvariantCulture);
        new StdioHarness(Console.In, Console.Out, frameLimit).Run();
        return 0;
    }
}
