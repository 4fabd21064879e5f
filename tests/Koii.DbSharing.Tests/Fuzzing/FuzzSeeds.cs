using System.Text;
using Koii.DbSharing.Tests.Records;
using Koii.DbSharing.TestSupport;

namespace Koii.DbSharing.Tests.Fuzzing;

/// <summary>Small valid inputs, created from the protocol's vectors.</summary>
internal static class FuzzSeeds
{
    public static IEnumerable<string> Data => LinktreeVector.All.Select(vector => vector.DataText).Append("""{"uuid":"u","timestamp":1,"taskId":"T","deleted":true}""");

    public static IEnumerable<string> Texts =>
        Data.Concat(["null", "-0", "1e21", "\"\\ud83d\\ude80\"", "[]", "{}", "[1,2,[3]]", """{"b":1,"a":{"1":2,"0":[]},"b":{}}""", """{"a":"\u2028é🚀\ud800"}"""]);

    public static IEnumerable<string> Records =>
        LinktreeVector.All.Select(vector => Record(vector)).Concat(
            [Json.Envelope(Json.Data()), Json.Keyed(Json.Envelope(Json.Data())), Json.After(Json.Envelope(Json.Data()), "\"username\":1")]);

    public static IEnumerable<string> Lists =>
    [
        "[]", " [ ] ", "[1,\"]\",{\"a\":[]}]", "\ufeff[{}]",
        $"[{string.Join(',', LinktreeVector.All.Take(4).Select(vector => Record(vector)))}]",
        $"[{string.Join(" ,\n", Records.Skip(4).Take(4).Select(Json.Keyed))}]",
        $"[{Json.Keyed(Json.Envelope(Json.Data()))},null,{Json.Envelope(Json.Data(uuid: "v"))}]",
    ];

    public static IEnumerable<string> NodeLists =>
    [
        """[{"data":{"url":"https://node.example:8443/base/"},"signature":"x"},{"data":{"url":"http://10.0.0.1"}}]""",
        """[{"data":{"url":"http://[2001:db8::1]:80"}},{"data":{"url":"HTTP://Bücher.example./a/../b"}},{"url":"http://x"}]""",
        """[{"data":{"url":"http://0x7f.1"}},{"data":{"url":"http:\/\/a\u002eexample"}},{"data":{"url":"http://user@x/?q#f"}},7]""",
        "[]",
    ];

    public static IEnumerable<string> Submissions => Records.Select(record => $$"""{"payload":{{record}}}""").Append("""{"payload":[]}""");

    public static IEnumerable<byte[]> Answers =>
    [
        TestSupport.Answers.Json("[]"),
        .. Lists.Concat(NodeLists).Select(list => TestSupport.Answers.Json(list, "ETag: W/\"1-all\"\r\n")),
        TestSupport.Answers.Gzipped(TestSupport.Answers.Gzip(Lists.Last())),
        TestSupport.Answers.Html("<p>hello</p>"),
        TestSupport.Answers.Status("404 Not Found"),
        TestSupport.Answers.Status("503 Service Unavailable", headers: "Retry-After: 120\r\n"),
        TestSupport.Answers.Status("302 Found", headers: "Location: http://169.254.169.254/\r\n"),
        TestSupport.Answers.NotModified("\"x\""),
        Utf8(TestSupport.Answers.ChunkedHead() + "4\r\n[1,2\r\n2;x=y\r\n]\n\r\n0\r\nTrailer: 1\r\n\r\n"),
        Utf8("HTTP/1.0 200 OK\r\n\r\n[1]"),
        Utf8("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"),
    ];

    public static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static string Record(LinktreeVector vector) => $$"""{"data":{{vector.DataText}},"publicKey":"{{vector.PublicKey}}","signature":"{{vector.Signature}}"}""";
}
