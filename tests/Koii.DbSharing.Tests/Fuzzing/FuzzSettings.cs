using System.Globalization;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>
/// How long to fuzz, and from where: <c>KOII_FUZZ_INPUTS</c> inputs in sum (default 210,000), drawn from <c>KOII_FUZZ_SEED</c> (default: another one each time, printed).
/// Both are read from the test run's parameters (<c>dotnet test -- TestRunParameters.Parameter(name="KOII_FUZZ_INPUTS", value="5000000")</c>) or else from the environment.
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
