using System.Diagnostics.CodeAnalysis;

namespace Koii.DbSharing;

/// <summary>
/// Checks what roles answer. A broken answer is the application's mistake (most often a mock that was set up in part), so it is an exception that names
/// role and method, and never a peer's failure.
/// </summary>
internal static class RoleContract
{
    /// <summary>How it is said that a method answered nothing.</summary>
    public static string Null(string method) => $"{method} returned null.";

    public static T NotNull<T>([NotNull] T? answer, string method)
        where T : class =>
        answer ?? throw new InvalidOperationException(Null(method));

    public static IReadOnlyList<T> OneEach<T>([NotNull] IReadOnlyList<T>? answer, int asked, string method, string answers, string questions) =>
        NotNull(answer, method).Count == asked
            ? answer
            : throw new InvalidOperationException($"{method} returned {answer.Count} {answers} for {asked} {questions}.");
}
