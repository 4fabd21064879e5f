using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Negentropy;

/// <summary>
/// <c>negentropy-stdio</c>: runs this implementation on standard input and output, to test it against others. The
/// environment variable <c>FRAMESIZELIMIT</c> is the frame limit.
/// </summary>
internal static class StdioCommand
{
    internal const string Verb = "negentropy-stdio";

    private const string FrameLimitVariable = "FRAMESIZELIMIT";

    internal static int Run()
    {
        var text = Environment.GetEnvironmentVariable(FrameLimitVariable);
        var frameLimit = string.IsNullOrEmpty(text) ? 0 : int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
        new StdioHarness(Console.In, Console.Out, frameLimit).Run();
        return 0;
    }
}
