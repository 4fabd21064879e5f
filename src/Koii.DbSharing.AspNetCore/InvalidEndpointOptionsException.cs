using Microsoft.Extensions.Options;

namespace Koii.DbSharing.AspNetCore;

/// <summary>The options of a task or of its endpoints are invalid. The message has one error per line.</summary>
internal sealed class InvalidEndpointOptionsException(string name, IEnumerable<string> errors)
    : OptionsValidationException(name, typeof(DbSharingEndpointOptions), errors)
{
    public override string Message => string.Join('\n', Failures.Prepend("The options are invalid:"));
}
