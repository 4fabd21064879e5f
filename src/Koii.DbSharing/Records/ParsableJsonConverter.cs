using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Koii.DbSharing;

/// <summary>
/// Reads and writes a value as a JSON string that contains its text form, also as the name of a property.
/// </summary>
/// <remarks>
/// The types that use it name it in an attribute, so applications do not register it. It is public because the source
/// generator of System.Text.Json creates it in the application's assembly.
/// </remarks>
/// <typeparam name="T">The type of the value.</typeparam>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class ParsableJsonConverter<T> : JsonConverter<T>
    where T : struct, IParsable<T>
{
    /// <inheritdoc/>
    /// <exception cref="JsonException">
    /// The JSON value is not a string, or not the text form of a <typeparamref name="T"/>.
    /// </exception>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        T.TryParse(reader.GetString(), CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new JsonException($"The JSON value is not the text form of a {typeof(T).Name}.");

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

    /// <inheritdoc/>
    /// <exception cref="JsonException">The name is not the text form of a <typeparamref name="T"/>.</exception>
    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Read(ref reader, typeToConvert, options);

    /// <inheritdoc/>
    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        writer.WritePropertyName(value.ToString()!);
}
