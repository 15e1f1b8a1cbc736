import type { PublicGroup } from "@treehouse/mls/public";
import { userOfClient } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { type HostedRoom, signedHeadOf, storedEpoch } from "../room/index.ts";
import type { LogPoint } from "../store/index.ts";

type Inserted = {
  readonly room: Pick<HostedRoom, "room" | "generation" | "term" | "termSince" | "hubKey"> & {
    readonly group: PublicGroup;
  };
  /** Where the log stands with this group. */
  readonly point: LogPoint;
  readonly revision?: number;
  readonly at: number;
  /** Whether all that are in it have come in before: nobody waits for a Welcome. */
  readonly entered: boolean;
};

/** Writes a room that is hosted here from now on, with the epoch in which its group is. Answers its id. */
export function insertGroup(
  { store, crypto }: Pick<DeliveryContext, "store" | "crypto">,
  tx: Tx,
  { room: hosted, point, revision = 0, at, entered }: Inserted,
): Promise<number> {
  const { room, generation, term, termSince, hubKey, group } = hosted;
  const { position, hash } = point;
  const written = group.store();
  return store.insertRoom(tx, {
    room,
    generation,
    term,
    termSince,
    hubPrivateKey: hubKey.privateKey,
    hubPublicKey: hubKey.publicKey,
    foundedAt: at,
    signedHead: signedHeadOf(crypto, hosted, point).bytes,
    head: { position, hash, epoch: group.epoch, revision },
    epoch: storedEpoch(group, written, { startedAt: at, entered }),
    nodes: written.nodes,
    members: group.roster.map(({ leaf, client }) => ({ leaf, client, user: userOfClient(client) })),
  });
}
