namespace Koii.DbSharing.Replication.Ladder;

/// <summary>The lowest rung, which every peer has: the whole list, unless it is the one that was judged before (protocol §4.3 c).</summary>
internal sealed class PlainListRung(IPeerClient client, PeerMemory memory)
{
    /// <summary>Reads the list. Whatever the peer or the client does is in the round afterwards.</summary>
    public async Task ReadAsync(PeerRound round)
    {
        var entityTag = memory.Lists.EntityTagFor(round.Peer);
        var pages = round.Read("IPeerClient.ReadAllAsync", token => client.ReadAllAsync(round.Peer, entityTag, token));
        await using var _ = pages.ConfigureAwait(false);
        while (round.Failure is null && await round.NextAsync(pages, nameof(IPeerClient)).ConfigureAwait(false) is { } page)
        {
            round.EntityTag = page.EntityTag;
            round.Failure = page.Failure;
            if (page.NotModified)
                round.Path = PeerPath.NotModified;
            else if (page.Linktrees.Count > 0 || page.Malformed.Count > 0)
                round.Path = PeerPath.FullList;
            await round.TakeAsync(page).ConfigureAwait(false);
        }

        // A list that was read to its end was read, also when there was nothing in it.
        if (round.Failure is null && round.Path == PeerPath.None)
            round.Path = PeerPath.FullList;
        if (round.Path != PeerPath.None)
            memory.Ladder.RememberList(round.Peer);
    }
}
