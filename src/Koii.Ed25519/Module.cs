using System.Runtime.CompilerServices;

// Points and temporary results are large structures. To clear each of them before it is written would take an eighth of
// the time of a batch.
[module: SkipLocalsInit]
