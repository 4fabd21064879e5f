using System.Globalization;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// The number of inputs for all targets together, <c>KOII_FUZZ_INPUTS</c> (default 210,000), and the seed,
/// <c>KOII_FUZZ_SEED</c> (default: random, and printed). Both are read from the parameters of the test run (<c>dotnet
/// test -- TestRunParameters.Parameter(name="KOII_FUZZ_INPUTS", value="5000000")</c>) or from the environment.
/// </summary>
internal static class FuzzSettings
{
    private const int DefaultInputs = 210_000;

    public static int Inputs { get; } = Read("KOII_FUZZ_INPUTS") ?? DefaultInputs;

    public static int Seed { get; } = Read("KOII_FUZZ_SEED") ?? Random.Shared.Next();

    private static int? Read(string name)
    {
        var text = TestContext.Parameters.Get(name) ?? Environment.GetEnvironmentVariable(name);
        return string.IsNullOrEmpty(text) ? null : int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
    }
}
