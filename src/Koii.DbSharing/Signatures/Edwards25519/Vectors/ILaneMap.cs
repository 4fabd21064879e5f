namespace Koii.DbSharing.Signatures.Edwards25519.Vectors;

/// <summary>Something to be done to each limb of a field vector: sums and moves of lanes, which do not mix limbs.</summary>
internal interface ILaneMap<TLanes>
{
    static abstract TLanes Map(TLanes limb);
}
