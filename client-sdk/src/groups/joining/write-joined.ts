import type { MemberGroup } from "@treehouse/mls/member";
import { decodeRoomState, type Head, type Refusal } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import {
  type GroupsContext,
  type Room,
  goOnBeforeOwnEntry,
  writeHubRecord,
  pinMembers,
  tellChangedKeys,
  noEpoch,
  noteInviter,
} from "../room/index.ts";
import { decodeDetails, putJoinedRoom } from "../about/index.ts";
import { deletePendingJoin, finishPendingJoin, type PendingJoin } from "./pending-join.ts";

type Joined = {
  readonly group: MemberGroup;
  /** At the commit with which this client came in. */
  readonly head: Head;
  readonly join: PendingJoin;
};

/** Makes it durable that this client is in, and tells. Runs in the room's `serial`. */
export async function writeJoined(
  context: GroupsContext,
  room: Room,
  joined: Joined,
): Promise<void> {
  const { group, head } = joined;
  const term = Math.max(room.hub.term, head.term);
  const hub = { ...room.hub, term, doubt: undefined, moving: undefined };
  const { changedKeys, cursor, renewed } = await context.store.transaction((tx) => {
    writeRoom(context, tx, room, joined);
    writeHubRecord(tx, room.uri, hub);
    tx.senderChains.loosen(room.uri);
    const before = goOnBeforeOwnEntry(tx, room.uri, head);
    // The user's own act: nobody has brought this client in.
    noteInviter(tx, room.uri, undefined);
    finishPendingJoin(tx, room.uri);
    const renewing = context.copies.renewed(tx, room.uri);
    const changed = pinMembers(context, tx, group.members());
    return { changedKeys: changed, cursor: before, renewed: renewing };
  });
  renewed();
  const fresh = { lost: false, forked: false, forgotten: false, warned: false, late: undefined };
  Object.assign(room, { group, cursor, hub, ...fresh });
  Object.assign(room, { rollback: undefined, epochAtHub: 0, peopleEpoch: noEpoch });
  settle(room, (waiter) => waiter.resolve());
  context.events.emit("joined", { room: room.uri });
  tellChangedKeys(context, room, changedKeys);
}

function writeRoom(
  context: GroupsContext,
  tx: LocalTx,
  { uri }: Room,
  { group, join: { metadataKey, seed } }: Joined,
): void {
  const known = tx.rooms.get(uri);
  const former = known && decodeDetails(known.details).metadataKey;
  putJoinedRoom(context, tx, uri, {
    group,
    state: decodeRoomState(group.roomState()),
    metadataKeys: [metadataKey, context.metadataKey(tx, uri), former],
    joinedEpoch: group.epoch,
  });
  // Of a link that gives no more than everybody has, it finds nothing to do.
  if (seed !== undefined) {
    tx.intents.add({ room: uri, kind: "takeRole", createdAt: context.env.now(), body: seed });
  }
}

/** The hub will not have this client: what it came with is forgotten, and whoever waits is told. */
export async function giveUpJoin(
  context: GroupsContext,
  room: Room,
  refusal: Refusal,
): Promise<void> {
  await context.store.transaction((tx) => deletePendingJoin(tx, room.uri));
  if (settle(room, (waiter) => waiter.reject(refusal))) return;
  const text = `This client could not come into the conversation: ${refusal.message}`;
  const { position } = room.cursor;
  context.events.emit("fault", { room: room.uri, position, code: "intentRefused", text });
}

/** Whether anybody waited. */
function settle(room: Room, tell: (waiter: Room["joiners"][number]) => void): boolean {
  const waiters = room.joiners.splice(0);
  for (const waiter of waiters) tell(waiter);
  return waiters.length > 0;
}
