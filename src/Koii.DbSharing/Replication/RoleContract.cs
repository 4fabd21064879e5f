using System.Diagnostics.CodeAnalysis;

namespace Koii.DbSharing.Replication;

/// <summary>
/// Checks what roles answer. A broken answer is the application's mistake (most often a mock that was set up in part), so it is an exception that names
/// role and method, and never a peer's failure.
/// </summary>
internal static class RoleContract
{
    public static T NotNull<T>([NotNull] T? answer, string method)
        where T : class =>
        answer ?? throw new InvalidOperationException($"{method} returned null.");

    public static IReadOnlyList<T> OneEach<T>([NotNull] IReadOnlyList<T>? answer, int asked, string method, string answers, string questions) =>
        NotNull(answer, method).Count == asked
            ? answer
            : throw new InvalidOperationException($"{method} returned {answer.Count} {answers} for {asked} {questions}.");
}
