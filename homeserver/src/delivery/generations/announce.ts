import {
  type Bytes,
  type ClientUri,
  type Domain,
  type Roster,
  type SignedHead,
  TOMBSTONE_REASONS,
  userOfClient,
} from "@treehouse/protocol";
import type { PublicGroup } from "@treehouse/mls/public";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { appendEntry, type HostedRoom, signedHeadOf } from "../room/index.ts";
import type { LogPoint } from "../store/index.ts";

type Announcement = {
  readonly next: Pick<HostedRoom, "room" | "generation" | "term" | "hubKey"> & {
    readonly group: PublicGroup;
  };
  readonly founder: ClientUri;
  readonly groupInfo: Bytes;
  /** Where the log ends before. */
  readonly after: LogPoint;
  /** Who was in the group before. */
  readonly roster: Roster;
  readonly peers: readonly Domain[];
  readonly at: number;
};

/**
 * Says in the log that the room goes on with another group: to all other servers with the group and the
 * hub that it has now, and to all clients here as the last that they read, but for the one that begins.
 */
export async function announce(
  context: DeliveryContext,
  tx: Tx,
  { next, founder, groupInfo, after, roster, peers, at }: Announcement,
): Promise<{ readonly point: LogPoint; readonly head: SignedHead }> {
  const { crypto, roomLog, accounts } = context;
  const headAt = (here: LogPoint) => signedHeadOf(crypto, next, here).signed;
  const introduction = { hubKey: next.hubKey.publicKey, roster: next.group.roster };
  const point = await appendEntry(
    context,
    tx,
    { hosted: next, after, acceptedAt: at, peers },
    { kind: "tombstone", reason: TOMBSTONE_REASONS.begun, replaced: after.hash, detail: founder },
    (here) => {
      const parcel = { head: headAt(here), groupInfo, introduction };
      return new Map(peers.map((peer) => [peer, parcel]));
    },
  );
  for (const { client } of roster) {
    if (client === founder || !accounts.isLocal(userOfClient(client))) continue;
    await roomLog.unsubscribe(tx, { client, room: next.room, upTo: point.position });
  }
  return { point, head: headAt(point) };
}
