using System.Text.Json.Serialization;
using Koii.DbSharing;

namespace LinktreeNode;

/// <summary>Writes a report as one line of JSON with the property names of the report in camel case.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ReplicationReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
