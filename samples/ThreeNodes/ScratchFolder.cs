namespace ThreeNodes;

/// <summary>A folder for the databases that is deleted when the program ends.</summary>
internal sealed class ScratchFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("three-nodes-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
