using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Koii.DbSharing.Logging;

/// <summary>Creates <see cref="NonThrowingLogger"/>s over the loggers of an application's factory. Does not own the factory.</summary>
/// <param name="factory">The application's factory, or <see langword="null"/> for no log.</param>
internal sealed class NonThrowingLoggerFactory(ILoggerFactory? factory) : ILoggerFactory
{
    private readonly ILoggerFactory _factory = factory ?? NullLoggerFactory.Instance;

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new NonThrowingLogger(_factory.CreateLogger(categoryName));

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Add the provider to the application's factory.");

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
