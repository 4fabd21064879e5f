namespace Koii.Ed25519.Curve.Vectors;

/// <summary>The two powers that the curve needs. Their chains of squares are fixed, so their time does not depend on the element.</summary>
internal static class Powers<TField>
    where TField : struct, IFieldVector<TField>
{
    /// <summary>The inverse, as the power p − 2 = 2^255 − 21 (Fermat); zero for zero.</summary>
    internal static TField Invert(in TField x)
    {
        var power = PowerOf250Ones(x, out var power11);
        return SquareRepeatedly(power, 5) * power11;
    }

    /// <summary>The power (p − 5)/8 = 2^252 − 3, from which RFC 8032 §5.1.3 makes square roots.</summary>
    internal static TField PowerOfPMinus5Over8(in TField x) => SquareRepeatedly(PowerOf250Ones(x, out _), 2) * x;

    /// <summary>The power 2^250 − 1, whose binary form is 250 ones, and on the way the power 11.</summary>
    private static TField PowerOf250Ones(in TField x, out TField power11)
    {
        var power2 = x.Square();
        var power9 = SquareRepeatedly(power2, 2) * x;
        power11 = power9 * power2;
        var ones5 = power11.Square() * power9;
        var ones10 = SquareRepeatedly(ones5, 5) * ones5;
        var ones20 = SquareRepeatedly(ones10, 10) * ones10;
        var ones40 = SquareRepeatedly(ones20, 20) * ones20;
        var ones50 = SquareRepeatedly(ones40, 10) * ones10;
        var ones100 = SquareRepeatedly(ones50, 50) * ones50;
        var ones200 = SquareRepeatedly(ones100, 100) * ones100;
        return SquareRepeatedly(ones200, 50) * ones50;
    }

    private static TField SquareRepeatedly(in TField x, int times)
    {
        var result = x.Square();
        for (var i = 1; i < times; i++)
            result = result.Square();
        return result;
    }
}
