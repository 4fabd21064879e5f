using System.Globalization;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>The signed records that all contenders exchange, as files in the form of <c>/all</c>, and the digests of what arrives.</summary>
internal sealed class RecordFiles(DirectoryInfo folder, int maxCount)
{
    private readonly SignedLinktree[] _records = ProfileRecords.Sign(maxCount);

    /// <summary>The file of the first records.</summary>
    internal string List(int count)
    {
        var path = Path.Combine(folder.FullName, string.Create(CultureInfo.InvariantCulture, $"records-{count}.json"));
        if (!File.Exists(path))
            File.WriteAllBytes(path, ProfileRecords.ToList(_records.AsSpan(0, count).ToArray()));
        return path;
    }

    internal string Digest(int count) => RecordDigest.Of(_records.Take(count));

    /// <summary>Files that each change so many records, and the digest after all of them.</summary>
    internal (IReadOnlyList<string> Files, string Digest) Change(int count, int changes, int times)
    {
        var records = _records[..count];
        var files = new List<string>();
        for (var time = 0; time < times; time++)
        {
            // The seconds rise, so that a record that is changed again is newer each time.
            var numbers = Enumerable.Range(time * changes, changes).ToArray();
            var changed = numbers.Select(number => ProfileRecords.SignLater(number % count, seconds: number)).ToArray();
            foreach (var (number, record) in numbers.Zip(changed))
                records[number % count] = record;

            var path = Path.Combine(folder.FullName, string.Create(CultureInfo.InvariantCulture, $"changes-{count}-{time}.json"));
            File.WriteAllBytes(path, ProfileRecords.ToList(changed));
            files.Add(path);
        }

        return (files, RecordDigest.Of(records));
    }
}
