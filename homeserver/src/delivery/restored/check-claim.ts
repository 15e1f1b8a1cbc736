import {
  type Bytes,
  chainHashOf,
  decodeEntry,
  type Domain,
  equalBytes,
  LIMITS,
  type SignedHead,
  type StandingResponse,
  verifyHead,
} from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { HostedRoom } from "../room/index.ts";
import type { DeliveryContext } from "../context.ts";
import type { LogPoint } from "../store/index.ts";
import type { Followers } from "./followers.ts";

/** What a follower has beyond this hub's own log, as far as the hub itself once signed it. */
export type Claim = {
  readonly peer: Domain;
  readonly head: SignedHead;
  readonly groupInfo: Bytes | undefined;
};

/** The newest head that a follower has of this hub, if the hub's own key signed it. */
export function ownHeadOf(
  { crypto }: Pick<DeliveryContext, "crypto">,
  { room, generation, hubKey }: HostedRoom,
  { head: signed }: StandingResponse,
): SignedHead | undefined {
  if (signed === undefined) return undefined;
  const { head } = signed;
  const ours =
    head.room === room &&
    head.generation === generation &&
    verifyHead(signed, hubKey.publicKey, (key, message, signature) =>
      crypto.verify(key, message, signature),
    );
  return ours ? signed : undefined;
}

/** What is known of a chain beside its entries, which are asked for once more. */
export type Chain = {
  readonly hashes: readonly Bytes[];
  /**
   * Where the commit stands by which the newest epoch began, if it is one of them: the last one of its
   * number, since one before it may have been void.
   */
  readonly newestCommit: number | undefined;
};

/**
 * The entries from `after` to the claim's head, in order, if they are one unbroken chain from this
 * hub's log to the head that it signed (FED-958). Undefined otherwise: then nothing of it is believed.
 * Only hashes are kept, however long the chain.
 */
export async function chainTo(
  followers: Followers,
  hosted: HostedRoom,
  after: LogPoint,
  { peer, head: { head } }: Claim,
): Promise<Chain | undefined> {
  const hashes: Bytes[] = [];
  let newestCommit: number | undefined;
  let { hash } = after;
  for await (const bytes of entriesOf(followers, hosted, after.position, head.position, peer)) {
    const entry = decodeEntry(bytes, "sliced");
    if (entry.position !== after.position + hashes.length + 1) return undefined;
    if (entry.term !== hosted.term || !equalBytes(entry.previous, hash)) return undefined;
    hash = chainHashOf(entry, bytes, sha256);
    hashes.push(hash);
    if (entry.kind === "commit" && entry.epoch + 1 === head.epoch) newestCommit = entry.position;
  }
  const whole = hashes.length === head.position - after.position;
  return whole && equalBytes(hash, head.hash) ? { hashes, newestCommit } : undefined;
}

/** A follower's entries after a position and up to another, page by page. */
export async function* entriesOf(
  followers: Followers,
  { room }: HostedRoom,
  after: number,
  upTo: number,
  peer: Domain,
): AsyncGenerator<Bytes> {
  let position = after;
  while (position < upTo) {
    const limit = Math.min(LIMITS.eventsPerPageMax, upTo - position);
    const { entries } = await followers.events(peer, room, { after: position, limit });
    if (entries.length === 0) return;
    yield* entries;
    position += entries.length;
  }
}
