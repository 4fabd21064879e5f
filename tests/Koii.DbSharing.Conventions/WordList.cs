using System.Text.RegularExpressions;

namespace Koii.DbSharing.Conventions;

/// <summary>Words that this repository does not use, and what stands in their stead.</summary>
internal static partial class WordList
{
    /// <summary>
    /// Words and phrases that may occur nowhere: neither in text nor as a part of an identifier or a file name.
    /// </summary>
    public static readonly WordRule[] Anywhere =
    [
        new("sync step", "ladder", "ladders", "rung", "rungs"),
        new("is slow", "dawdle", "dawdles", "dawdled", "dawdler", "dawdlers", "dawdling"),
        new("the noun, such as the caller or a peer", "whoever", "whomever", "whosoever"),
        new("protocol error, unexpected", "surprise", "surprises", "surprised", "surprising", "surprisingly"),
        new("request, try to connect", "knock", "knocks", "knocked", "knocking"),
        new("connect", "dial", "dials", "dialed", "dialled", "dialing", "dialling"),
        new("record processor, validation", "intake", "intakes"),
        new("validate, check, decide", "judge", "judges", "judged", "judging", "judgment", "judgement", "judgments", "judgements"),
        new("expensive", "dear", "dearer", "dearest", "dearly"),
        new("backoff", "rested", "resting", "is rested", "rests until"),
        new("architecture, source layout", "the house(?! style)", "the plan of the house"),
        new("record pipeline", "the way of a record"),
        new("proven", "long good"),
        new("rejection cache", "verdict memory", "refusal memory", "memory of refusals"),
        new("release", "(?:give|gives|gave|given|giving) up (?:the|a|its|this|that) lease", @"lease(?: \S+){0,6} given up"),
        new("is not a", @"(?<!there )is no (?!longer\b|more\b|less\b|later\b|earlier\b|greater\b|other\b)\w+"),
    ];

    /// <summary>
    /// Words with an ordinary sense that were used for a term of the field. Parts of identifiers that are declared, and words of log messages.
    /// </summary>
    public static readonly WordRule[] InIdentifiersAndLogMessages =
    [
        new("permit, position", "place", "places"),
        new("lock, permit", "turn", "turns"),
        new("ETag, byte order mark", "mark", "marks", "marked"),
        new("backoff, retry", "rest", "rests"),
        new("service", "role", "roles"),
        new("random", "chance", "chances"),
        new("validation, record processor", "admission", "admissions"),
        new("state, backoff", "standing"),
        new("receive, log", "hear", "hears", "heard"),
        new("have, record", "know", "knows", "knew"),
        new("require", "wants"),
        new("receive", "learns"),
        new("return, report", "say", "says", "said"),
    ];

    /// <summary>British forms. The repository's English is American, as that of the class library is.</summary>
    public static readonly WordRule[] British =
    [
        new("canceled, canceling", "cancelled", "cancelling"),
        new("-or", "behaviour", "behaviours", "colour", "colours", "favour", "favours", "favoured", "honour", "honours", "honoured", "honouring"),
        new("-or", "neighbour", "neighbours", "neighbouring"),
        new("-er", "centre", "centres", "metre", "metres"),
        new("one l", "labelled", "labelling", "modelled", "modelling", "signalled", "signalling", "travelled", "travelling"),
        new("license", "licence", "licences"),
        new("catalog", "catalogue", "catalogues"),
        new("defense", "defence", "defences"),
        new("artifact", "artefact", "artefacts"),
        new("gray", "grey", "greyed"),
        new("-ize", "analyse", "analyses", "analysed", "analysing"),
    ];

    /// <summary>Where a word of the lists is right.</summary>
    public static readonly WordException[] Exceptions =
    [
        new("tests/Koii.DbSharing.Conventions/WordList.cs", "", "The list itself."),
        new("tests/Koii.DbSharing.Conventions/LanguageTests.cs", "", "Examples that the search has to find."),
    ];

    /// <summary>Endings in -ise and -isation of verbs that American English writes with a z.</summary>
    [GeneratedRegex("^(?:re|un|de|pre)?(?:author|canonical|capital|central|custom|emphas|final|general|initial|local|material|maxim|memor|minim"
        + "|normal|optim|organ|parallel|penal|priorit|random|real|recogn|serial|special|standard|summar|synchron|token|util|visual)"
        + "is(?:e|es|ed|er|ers|ing|able|ation|ations)$")]
    public static partial Regex BritishVerb();

    /// <summary>Compounds in which a part of an identifier has its ordinary sense.</summary>
    [GeneratedRegex("^(?:InPlace|OrderMark|AdmissionPolicy|AdmissionPolicies)$")]
    public static partial Regex Compound();
}

/// <summary>
/// Words and phrases (regular expressions, where a space stands for any run of white space), and what to write.
/// </summary>
internal sealed record WordRule(string Instead, params string[] Words);

/// <summary>A file in which a word may stand, or every word if it is empty, and why.</summary>
internal sealed record WordException(string Path, string Word, string Reason);
