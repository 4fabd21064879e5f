namespace Koii.DbSharing.Tests;

/// <summary>Waits for what another thread is about to do, where nothing can be awaited. The time is a safety net and no measure.</summary>
internal static class TestWait
{
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var start = Environment.TickCount64;
        while (!condition())
        {
            Assert.That(Environment.TickCount64 - start, Is.LessThan(300_000), what);
            await Task.Delay(1);
        }
    }
}
