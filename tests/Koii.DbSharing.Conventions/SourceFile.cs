using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Koii.DbSharing.Conventions;

/// <summary>
/// A C# file: its path below the root with slashes, its text, its syntax, and the namespace that it declares.
/// </summary>
internal sealed record SourceFile(string Path, string Text, CompilationUnitSyntax Root, string Namespace)
{
    public int LineOf(int position) => Text.AsSpan(0, position).Count('\n') + 1;
}
