import {
  chainHashOf,
  decodeEntry,
  type Domain,
  equalBytes,
  type RoomUri,
} from "@treehouse/protocol";
import { errorFields, sha256 } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import type { FollowedContext } from "../followed/index.ts";
import type { HostedRoom } from "../room/index.ts";
import type { LogPoint } from "../store/index.ts";
import { adoptEntry } from "./adopt-entry.ts";
import { chainTo, type Claim, entriesOf, ownHeadOf } from "./check-claim.ts";
import type { Followers } from "./followers.ts";
import { startTerm } from "./start-term.ts";
import { wholeEntry } from "./whole-entry.ts";

export type RestoredContext = DeliveryContext & FollowedContext;

/**
 * Settles where a room goes on whose hub was restored from a backup. Its followers are asked what
 * they have of it; what this hub's own signed heads cover comes back into the log, and nothing
 * else (FED-958). Then a new term begins, behind every position that may have been given before.
 *
 * Answers the followers that could not be asked; the room is settled when there are none, or when
 * `last` says that they are waited for no longer.
 */
export async function settleRoom(
  context: RestoredContext,
  name: RoomUri,
  { last, followers }: { readonly last: boolean; readonly followers: Followers },
): Promise<readonly Domain[]> {
  const { unasked, seen } = await adoptAll(context, name, followers);
  if (unasked.length > 0 && (!last || followers.isClosed)) return unasked;
  await startTerm(context, await context.rooms.get(name), seen);
  return [];
}

type Adoption = {
  readonly unasked: readonly Domain[];
  /** The highest term and position that this hub has signed, as far as followers know. */
  readonly seen: { readonly term: number; readonly position: number };
};

async function adoptAll(
  context: RestoredContext,
  name: RoomUri,
  followers: Followers,
): Promise<Adoption> {
  const unasked: Domain[] = [];
  const seen = { term: 0, position: 0 };
  const claims: Claim[] = [];
  const hosted = await context.rooms.get(name);
  const end = await endOf(context, hosted);
  const askOne = async (peer: Domain): Promise<void> => {
    try {
      const standing = await followers.standing(peer, name);
      const signed = ownHeadOf(context, hosted, standing);
      if (signed === undefined) return;
      seen.term = Math.max(seen.term, signed.head.term);
      seen.position = Math.max(seen.position, signed.head.position);
      const { term, position } = signed.head;
      if (term === hosted.term && position > end.position) {
        claims.push({ peer, head: signed, groupInfo: standing.groupInfo });
      }
    } catch (error) {
      context.env.log.warn("standingUnknown", { room: name, host: peer, ...errorFields(error) });
      unasked.push(peer);
    }
  };
  await Promise.all(hosted.peers.map((peer) => askOne(peer)));
  // The longest first: usually the others have a part of the same. Those without a GroupInfo add what
  // was said behind the last commit of the others.
  const lacks = ({ groupInfo }: Claim): number => (groupInfo === undefined ? 1 : 0);
  claims.sort(
    (one, other) => lacks(one) - lacks(other) || other.head.head.position - one.head.head.position,
  );
  for (const claim of claims) {
    try {
      const peers = claims.map(({ peer }) => peer).filter((peer) => peer !== claim.peer);
      await adopt(context, name, claim, { followers, peers });
    } catch (error) {
      context.env.log.warn("adoptionFailed", {
        room: name,
        host: claim.peer,
        ...errorFields(error),
      });
      if (!unasked.includes(claim.peer)) unasked.push(claim.peer);
    }
  }
  return { unasked, seen };
}

/**
 * Without the GroupInfo of the newest epoch it ends before the next commit. A server whose last member
 * went by that has none, and members are mostly further by then: nobody of them could come back.
 */
async function adopt(
  context: RestoredContext,
  name: RoomUri,
  claim: Claim,
  from: { readonly followers: Followers; readonly peers: readonly Domain[] },
): Promise<void> {
  const { followers } = from;
  let hosted = await context.rooms.get(name);
  const end = await endOf(context, hosted);
  const { head } = claim.head;
  if (head.position <= end.position) return;
  const chain = await chainTo(followers, hosted, end, claim);
  if (chain === undefined) {
    context.count("adoptionRefused");
    context.env.log.error("adoptionRefused", { room: name, host: claim.peer });
    return;
  }
  let index = 0;
  for await (const bytes of entriesOf(followers, hosted, end.position, head.position, claim.peer)) {
    const expected = chain.hashes[index];
    index += 1;
    const told = decodeEntry(bytes, "sliced");
    // Asked for twice, answered differently: the second answer was never checked.
    if (expected === undefined || !equalBytes(chainHashOf(told, bytes, sha256), expected)) {
      throw new Error("The follower's entries have changed.");
    }
    const { entry, bytes: whole } = await wholeEntry(context, hosted, { entry: told, bytes }, from);
    if (claim.groupInfo === undefined && (entry.kind === "commit" || entry.kind === "void")) return;
    const isNewest = entry.position === chain.newestCommit;
    hosted = await adoptEntry(context, hosted, whole, isNewest ? claim.groupInfo : undefined);
  }
}

async function endOf({ database, store }: RestoredContext, { id }: HostedRoom): Promise<LogPoint> {
  const head = await database.read((tx) => store.head(tx, id));
  if (head === undefined) throw new Error("The room is gone.");
  return head;
}
