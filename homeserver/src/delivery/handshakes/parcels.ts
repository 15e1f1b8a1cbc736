import { type ClientUri, type Domain, domainOf, type SignedHead } from "@treehouse/protocol";
import type { AcceptableCommit, CommitUpload } from "./check-commit.ts";
import type { HostedRoom, Parcel } from "../room/index.ts";

/** Servers with members before or after a commit: for one whose last member goes, it is the last. */
export function peersOfCommit(before: HostedRoom, after: HostedRoom): readonly Domain[] {
  return [...new Set([...before.peers, ...after.peers])].toSorted();
}

/**
 * What each server gets with a commit's entry: the head there, the Welcome for those of its clients
 * that were added, and, if it had nobody in the room before or has lost it, the hub's key and the
 * roster.
 */
export function parcelsOfCommit(
  before: HostedRoom,
  commit: AcceptableCommit,
  { welcome, groupInfo }: Pick<CommitUpload, "welcome" | "groupInfo">,
  { head, introduced }: { readonly head: SignedHead; readonly introduced: readonly Domain[] },
): ReadonlyMap<Domain, Parcel> {
  const { next } = commit;
  const welcomed = Map.groupBy(
    commit.external ? [] : commit.added.map(({ client }) => client),
    (client: ClientUri) => domainOf(client),
  );
  const introduction = { hubKey: next.hubKey.publicKey, roster: next.group.roster };
  return new Map(
    peersOfCommit(before, next).map((peer) => {
      const clients = welcomed.get(peer);
      const parcel: Parcel = {
        head,
        // Nobody there is to come in again: it would only tell of the epoch that begins.
        ...(next.peers.includes(peer) ? { groupInfo } : {}),
        ...(clients === undefined || welcome === undefined
          ? {}
          : { welcomes: [{ clients, welcome }] }),
        ...(before.peers.includes(peer) && !introduced.includes(peer) ? {} : { introduction }),
      };
      return [peer, parcel];
    }),
  );
}
