using System.Globalization;
using Koii.DbSharing.PostgreSql.Tests.Concurrency;
using Koii.DbSharing.PostgreSql.Tests.Leases;
using Koii.DbSharing.StoreContract;

namespace Koii.DbSharing.PostgreSql.Tests;

/// <summary>The programs that tests start as processes.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["put", var connectionString, var seed, var first]:
                await using (var store = new PostgreSqlLinktreeStore(connectionString, CrashBatches.Options))
                    await CrashBatches.PutUntilKilledAsync(store, Number(seed), Number(first));
                return 0;
            case ["deliver", var connectionString, var seed, var writer]:
                await Deliveries.DeliverAsync(connectionString, Number(seed), Number(writer));
                return 0;
            case ["rounds", var connectionString]:
                await LoggedRounds.RunAsync(connectionString);
                return 0;
            default:
                throw new ArgumentException($"The program '{string.Join(' ', arguments)}' does not exist.");
        }
    }

    private static int Number(string text) => int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
}
