using System.Globalization;
using System.Security;
using System.Text;

namespace Koii.DbSharing.Benchmarks.Compare;

/// <summary>
/// Horizontal bars on a logarithmic scale, as SVG. The background is transparent, and the gray of the text is readable on white and on black.
/// </summary>
internal static class BarChart
{
    private const int Width = 760;
    private const int BarsLeft = 140;
    private const int BarsWidth = 500;
    private const int Top = 64;
    private const int GroupHeight = 30;
    private const int GroupGap = 12;
    private const int RowHeight = 28;
    private const int BarHeight = 20;

    internal static string ToSvg(string title, string subtitle, IReadOnlyList<BarGroup> groups)
    {
        var values = groups.SelectMany(group => group.Bars).Select(bar => bar.Value).DefaultIfEmpty(1).ToArray();
        // The scale starts one power of ten below the least value, so that its bar is seen.
        var first = Math.Max(0, (int)Math.Floor(Math.Log10(values.Min())) - 1);
        var last = Math.Max(first + 1, (int)Math.Ceiling(Math.Log10(values.Max())));
        double X(double value) => BarsLeft + (BarsWidth * Math.Clamp((Math.Log10(value) - first) / (last - first), 0, 1));

        var bottom = Top + groups.Sum(group => GroupHeight + (RowHeight * group.Bars.Count)) + (GroupGap * Math.Max(0, groups.Count - 1));
        var height = bottom + 30;
        var svg = new StringBuilder();
        Append($"""
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {height}" width="{Width}" height="{height}"
              role="img" aria-label="{Text(title)}">
            """);
        svg.Append("""
            <style>
            text { font: 13px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #747d88 }
            .title { font-size: 17px; font-weight: 600 }
            .strong { font-weight: 600 }
            .small { font-size: 11.5px }
            .end { text-anchor: end }
            .middle { text-anchor: middle }
            line { stroke: #747d88; stroke-opacity: .6 }
            .value { font-variant-numeric: tabular-nums }
            .bar { fill: #8c959f }
            .own { fill: #2f81f7 }
            </style>

            """);
        Append($"""<text class="title" x="0" y="20">{Text(title)}</text>""");
        Append($"""<text x="0" y="42">{Text(subtitle)}</text>""");
        Append($"""<line x1="{BarsLeft}" y1="{bottom}" x2="{BarsLeft + BarsWidth}" y2="{bottom}"/>""");
        for (var power = first; power <= last; power++)
        {
            var x = X(Math.Pow(10, power));
            Append($"""<line x1="{x:0.#}" y1="{bottom}" x2="{x:0.#}" y2="{bottom + 6}"/>""");
            Append($"""<text class="small middle" x="{x:0.#}" y="{bottom + 20}">{Math.Pow(10, power):N0}</text>""");
        }

        var y = Top;
        foreach (var group in groups)
        {
            Append($"""<text class="strong" x="0" y="{y + 20}">{Text(group.Title)}</text>""");
            y += GroupHeight;
            foreach (var bar in group.Bars)
            {
                var end = X(bar.Value);
                var (emphasis, color) = bar.IsHighlighted ? (" strong", " own") : ("", "");
                Append($"""<text class="end{emphasis}" x="{BarsLeft - 10}" y="{y + 15}">{Text(bar.Label)}</text>""");
                Append($"""<rect class="bar{color}" x="{BarsLeft}" y="{y}" width="{end - BarsLeft:0.#}" height="{BarHeight}" rx="3"/>""");
                Append($"""<text class="value{emphasis}" x="{end + 8:0.#}" y="{y + 15}">{bar.Value:N0}</text>""");
                y += RowHeight;
            }

            y += GroupGap;
        }

        svg.Append("</svg>\n");
        return svg.ToString();

        void Append(FormattableString line) => svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    private static string Text(string text) => SecurityElement.Escape(text);
}

/// <summary>Bars under a title.</summary>
internal sealed record BarGroup(string Title, IReadOnlyList<Bar> Bars);

/// <summary>A bar and its label.</summary>
internal sealed record Bar(string Label, double Value, bool IsHighlighted);
