import {
  type Bytes,
  type ClientUri,
  leafLifetimeOf,
  type Leaver,
  LIMITS,
  mayLeave,
  Refusal,
  type RoomUri,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { endRoom, isOver } from "./end-room.ts";
import {
  appendEntry,
  busy,
  dueRemovals,
  hasMoved,
  hostedRoom,
  type HostedRoom,
  leavesOfUser,
  waitForProposals,
} from "../room/index.ts";
import type { Caller } from "../ports.ts";
import type { StoredHead } from "../store/index.ts";

/**
 * Notes that all clients of the caller's user shall be removed, and proposes it to the members as
 * external sender. Answers their leaves; asking again changes nothing. A room whose last user
 * leaves ends, for nobody is left who could commit. A client that its server has not seen goes alone, and
 * only where the room does not wait for such for ever (FED-1153).
 *
 * Refusals: unknownRoom, notMember, notAllowed, storageFull, unavailable.
 */
export async function leaveRoom(
  context: DeliveryContext,
  caller: Caller,
  room: RoomUri,
  leaver: Leaver,
): Promise<readonly number[]> {
  return intendRemovals(context, room, (hosted) => {
    if (leaver === "unseenClient") return [unseenLeaf(hosted, caller)];
    const verdict = mayLeave(hosted.view, caller.user);
    if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
    return leavesOfUser(hosted, caller.user);
  });
}

function unseenLeaf({ leafOf, view }: HostedRoom, { client }: Caller): number {
  const leaf = leafOf.get(client);
  if (leaf === undefined) throw new Refusal("notMember", "The client is not in the room.");
  if (leafLifetimeOf(view.state) === undefined) {
    throw new Refusal("notAllowed", "The room waits for clients however long they are away.");
  }
  return leaf;
}

/** The same for a user who is deleted: no policy keeps anybody's clients who is no more. */
export async function removeUser(
  context: DeliveryContext,
  user: UserUri,
  room: RoomUri,
): Promise<readonly number[]> {
  return intendRemovals(context, room, (hosted) => leavesOfUser(hosted, user));
}

/**
 * Takes nothing more from a revoked client, and proposes its removal if its user has another client
 * here, or if `isDue`. Answers whether the removal is held for one to come.
 */
export async function removeClient(
  context: DeliveryContext,
  { client, isDue }: { readonly client: ClientUri; readonly isDue: boolean },
  room: RoomUri,
): Promise<boolean> {
  let isHeld = false;
  await intendRemovals(context, room, (hosted) => {
    const leaf = hosted.leafOf.get(client);
    const others = leavesOfUser(hosted, userOfClient(client)).filter((one) => one !== leaf);
    isHeld = leaf !== undefined && !isDue && others.every((one) => hosted.removals.has(one));
    if (leaf === undefined || (isHeld && hosted.removals.has(leaf))) return [];
    return isHeld ? { held: leaf } : [leaf];
  });
  return isHeld;
}

/** Clients that were not seen for too long are to be removed, as if they had been revoked. */
export async function removeClients(
  context: DeliveryContext,
  clients: readonly ClientUri[],
  room: RoomUri,
): Promise<void> {
  await intendRemovals(context, room, ({ leafOf }) =>
    clients.map((client) => leafOf.get(client)).filter((leaf) => leaf !== undefined),
  );
}

/** Proposes the removals that are due, if nothing is proposed in this epoch. */
export function proposeDue(context: DeliveryContext, room: RoomUri): Promise<void> {
  return writeRemovals(context, room, async (hosted) =>
    waitForProposals(hosted) ? withRemovals(hosted, []) : undefined,
  );
}

/** Leaves whose removal is to be proposed, or one that is cut off alone. */
type Chosen = readonly number[] | { readonly held: number };

async function intendRemovals(
  context: DeliveryContext,
  room: RoomUri,
  choose: (hosted: HostedRoom) => Chosen,
): Promise<readonly number[]> {
  let leaves: readonly number[] = [];
  await writeRemovals(context, room, async (hosted) => {
    const chosen = choose(hosted);
    leaves = "held" in chosen ? [] : chosen;
    const due = dueRemovals(hosted);
    const known = !("held" in chosen) && leaves.every((leaf) => due.has(leaf));
    return known ? undefined : withRemovals(hosted, chosen);
  });
  return leaves;
}

/** Writes what a plan makes of the room, unless it makes nothing. */
async function writeRemovals(
  context: DeliveryContext,
  room: RoomUri,
  plan: (hosted: HostedRoom) => Promise<Leaving | undefined>,
): Promise<void> {
  await context.turns.take(room, async () => {
    for (let count = 0; count < attemptsMax; count += 1) {
      const hosted = await context.rooms.get(room);
      const leaving = await plan(hosted);
      if (leaving === undefined) return;
      if (await context.database.transaction((tx) => write(context, tx, leaving))) return;
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

async function withRemovals(hosted: HostedRoom, chosen: Chosen): Promise<Leaving> {
  const leaves = "held" in chosen ? [chosen.held] : chosen;
  const removals = new Set([...hosted.removals, ...leaves]);
  const held =
    "held" in chosen
      ? hosted.held.union(new Set([chosen.held]))
      : hosted.held.difference(new Set(leaves));
  // FED-212: what is proposed one after another overtakes each commit that is being made.
  const due = [...removals.difference(held)].toSorted((a, b) => a - b);
  const { group, messages } = await hosted.group.proposeRemovals(
    hosted.group.pendingProposals.length > 0 ? [] : due.slice(0, LIMITS.removalIntentsPerEpochMax),
    { hubPrivateKey: hosted.hubKey.privateKey },
  );
  const next = hostedRoom({ ...hosted, revision: hosted.revision + 1, group, removals, held });
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
  await store.addRemovals(tx, hosted.id, next, at);
  await store.addProposals(tx, hosted.id, {
    head: end,
    proposals: pending.map(({ ref, message }) => ({ ref, message, acceptedAt: at })),
  });
  tx.afterCommit(() => rooms.put(next));
  return true;
}

const attemptsMax = 16;
