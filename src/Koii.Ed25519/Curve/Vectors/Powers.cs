namespace Koii.Ed25519.Curve.Vectors;

/// <summary>The two powers that the curve needs.</summary>
internal static class Powers<TField>
    where TField : struct, IFieldVector<TField>
{
    /// <summary>The inverse, as the power p − 2 = 2^255 − 21 (Fermat); zero for zero.</summary>
    internal static TField Invert(in TField x)
    {
        var power = PowerOf250Ones(x, out var power11);
        return power.SquareRepeatedly(5) * power11;
    }

    /// <summary>The power (p − 5)/8 = 2^252 − 3, from which RFC 8032 §5.1.3 computes square roots.</summary>
    internal static TField PowerOfPMinus5Over8(in TField x) => PowerOf250Ones(x, out _).SquareRepeatedly(2) * x;

    /// <summary>
    /// The power 2^250 − 1, whose binary form is 250 ones, and the power 11, which occurs on the way.
    /// </summary>
    private static TField PowerOf250Ones(in TField x, out TField power11)
    {
        var power2 = x.Square();
        var power9 = power2.SquareRepeatedly(2) * x;
        power11 = power9 * power2;
        var ones5 = power11.Square() * power9;
        var ones10 = ones5.SquareRepeatedly(5) * ones5;
        var ones20 = ones10.SquareRepeatedly(10) * ones10;
        var ones40 = ones20.SquareRepeatedly(20) * ones20;
        var ones50 = ones40.SquareRepeatedly(10) * ones10;
        var ones100 = ones50.SquareRepeatedly(50) * ones50;
        var ones200 = ones100.SquareRepeatedly(100) * ones100;
        return ones200.SquareRepeatedly(50) * ones50;
    }
}
