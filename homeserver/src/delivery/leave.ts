import { LIMITS, mayLeave, Refusal } from "@treehouse/protocol";
import type { Bytes, RoomUri, UserUri } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import type { DeliveryContext } from "./context.ts";
import { endRoom, isOver } from "./end-room.ts";
import { appendEntry, hasMoved } from "./log.ts";
import type { Caller } from "./ports.ts";
import { busy } from "./request.ts";
import { hostedRoom, leavesOfUser, proposedRemovals } from "./room.ts";
import type { HostedRoom } from "./room.ts";
import type { StoredHead } from "./store.ts";

/**
 * Notes that all clients of the caller's user shall be removed, and proposes it to the members as
 * external sender. Answers their leaves; asking again changes nothing. A room whose last user
 * leaves ends, for nobody is left who could commit.
 *
 * Refusals: unknownRoom, notMember, notAllowed, storageFull, unavailable.
 */
export async function leaveRoom(
  context: DeliveryContext,
  caller: Caller,
  room: RoomUri,
): Promise<readonly number[]> {
  return intendRemovals(context, room, (hosted) => {
    const verdict = mayLeave(hosted.view, caller.user);
    if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
    return leavesOfUser(hosted, caller.user);
  });
}

/** The same for a user who is deleted: no policy keeps anybody's clients who is no more. */
export async function removeUser(
  context: DeliveryContext,
  user: UserUri,
  room: RoomUri,
): Promise<readonly number[]> {
  return intendRemovals(context, room, (hosted) => leavesOfUser(hosted, user));
}

async function intendRemovals(
  context: DeliveryContext,
  room: RoomUri,
  choose: (hosted: HostedRoom) => readonly number[],
): Promise<readonly number[]> {
  return context.turns.take(room, async () => {
    for (let count = 0; count < attemptsMax; count += 1) {
      const hosted = await context.rooms.get(room);
      const leaves = choose(hosted);
      if (leaves.every((leaf) => hosted.removals.has(leaf))) return leaves;
      const leaving = await withRemovals(hosted, leaves);
      const written = await context.database.transaction((tx) => write(context, tx, leaving));
      if (written) return leaves;
      context.rooms.drop(hosted);
    }
    throw busy();
  });
}

/** The room as it will be once these leaves are to be removed too. */
type Leaving = {
  readonly hosted: HostedRoom;
  readonly next: HostedRoom;
  readonly messages: readonly Bytes[];
};

async function withRemovals(hosted: HostedRoom, leaves: readonly number[]): Promise<Leaving> {
  const removals = new Set([...hosted.removals, ...leaves]);
  const proposed = new Set(proposedRemovals(hosted));
  const room = Math.max(0, LIMITS.removalIntentsPerEpochMax - proposed.size);
  const { group, messages } = await hosted.group.proposeRemovals(
    [...removals]
      .filter((leaf) => !proposed.has(leaf))
      .toSorted((a, b) => a - b)
      .slice(0, room),
    { hubPrivateKey: hosted.hubKey.privateKey },
  );
  const next = hostedRoom({ ...hosted, revision: hosted.revision + 1, group, removals });
  return { hosted, next, messages };
}

async function write(
  context: DeliveryContext,
  tx: Tx,
  { hosted, next, messages }: Leaving,
): Promise<boolean> {
  const { env, store, rooms } = context;
  const head = await store.head(tx, hosted.id);
  if (head === undefined || hasMoved(hosted, head)) return false;
  const at = env.now();
  const place = { hosted, after: head, acceptedAt: at, peers: hosted.peers };
  const point =
    messages.length === 0
      ? head
      : await appendEntry(context, tx, place, { kind: "proposal", proposals: messages });
  const end: StoredHead = { ...head, ...point, revision: next.revision };
  if (isOver(next)) {
    await endRoom(context, tx, next, { after: point, acceptedAt: at });
    return true;
  }
  const pending = next.group.pendingProposals.slice(hosted.group.pendingProposals.length);
  await store.addRemovals(tx, hosted.id, [...next.removals], at);
  await store.addProposals(tx, hosted.id, {
    head: end,
    proposals: pending.map(({ ref, message }) => ({ ref, message, acceptedAt: at })),
  });
  tx.afterCommit(() => rooms.put(next));
  return true;
}

const attemptsMax = 16;
