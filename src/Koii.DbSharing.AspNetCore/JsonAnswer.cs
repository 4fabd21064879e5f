namespace Koii.DbSharing.AspNetCore;

/// <summary>What all answers of a good end have in common.</summary>
internal static class JsonAnswer
{
    internal const string ContentType = "application/json; charset=utf-8";
}
