using System.Reflection;
using System.Runtime.InteropServices;

namespace Koii.Ed25519.TestSupport;

/// <summary>Finds native libraries under the file names that systems give them.</summary>
internal static class NativeLibraries
{
    internal const string OpenSsl = "OpenSSL 3";
    internal const string Libsodium = "libsodium";

    private static readonly Dictionary<string, nint> Handles = new()
    {
        [OpenSsl] = Load("libcrypto.so.3", "libcrypto.3.dylib", "libcrypto-3-x64.dll"),
        [Libsodium] = Load("libsodium.so.23", "libsodium.so.26", "libsodium.23.dylib", "libsodium.26.dylib", "libsodium.dll"),
    };

    static NativeLibraries() => NativeLibrary.SetDllImportResolver(Assembly.GetExecutingAssembly(), (name, _, _) => Handles.GetValueOrDefault(name));

    internal static bool IsFound(string library) => Handles[library] != 0;

    private static nint Load(params ReadOnlySpan<string> fileNames)
    {
        foreach (var fileName in fileNames)
        {
            if (NativeLibrary.TryLoad(fileName, out var handle))
                return handle;
        }

        return 0;
    }
}
