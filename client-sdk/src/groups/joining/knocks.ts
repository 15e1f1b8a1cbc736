import {
  type Bytes,
  CAPABILITIES,
  decodeRoomState,
  type Entry,
  equalBytes,
  fixed,
  formatAddress,
  hasCapability,
  LIMITS,
  roleOf,
  type RoomUri,
  roomView,
  struct,
  u64,
  type UserUri,
  userUriCodec,
  vector,
} from "@treehouse/protocol";
import type { MemberGroup } from "@treehouse/mls/member";

import type { LocalTx } from "../../storage/index.ts";
import { type GroupsContext, type Room, type EntryWrite, loadGroup } from "../room/index.ts";

/** Somebody outside who asks to be let in; a join link with the key lets in whoever it was. */
export type HeardKnock = { readonly user: UserUri; readonly key: Bytes; readonly at: number };

const knocksCodec = vector(struct<HeardKnock>({ user: userUriCodec, key: fixed(32), at: u64 }), {
  countMax: LIMITS.knocksKept,
});

const place = (room: RoomUri) => `knocks ${room}`;

function readKnocks(tx: LocalTx, room: RoomUri): readonly HeardKnock[] {
  const stored = tx.settings.get(place(room));
  return stored === undefined ? [] : knocksCodec.decode(stored);
}

/** One of each user, the last; the oldest go when there are too many. */
function addKnock(tx: LocalTx, room: RoomUri, knock: HeardKnock): void {
  const others = readKnocks(tx, room).filter(({ user }) => user !== knock.user);
  tx.settings.put(place(room), knocksCodec.encode([...others, knock].slice(-LIMITS.knocksKept)));
}

export function dropKnock(tx: LocalTx, room: RoomUri, user: UserUri): void {
  const kept = readKnocks(tx, room).filter((one) => one.user !== user);
  if (kept.length === 0) tx.settings.delete(place(room));
  else tx.settings.put(place(room), knocksCodec.encode(kept));
}

/** Keeps a knock, and tells it if this user may answer it. Whoever is in already does not knock. */
export async function knockEntry(
  context: GroupsContext,
  room: Room,
  { user, key, acceptedAt }: Entry & { readonly kind: "knock" },
): Promise<EntryWrite> {
  const group = await loadGroup(context, room);
  const isIn = group.members().some((member) => member.user === user);
  return {
    left: false,
    rows(tx) {
      if (!isIn) addKnock(tx, room.uri, { user, key, at: acceptedAt });
    },
    after() {
      if (isIn || !mayAnswer(context, group)) return;
      context.events.emit("knock", { room: room.uri, user, address: formatAddress(user) });
    },
  };
}

/** Those that wait for an answer: not over, not in meanwhile, not admitted. */
export function waitingKnocks(
  context: GroupsContext,
  tx: LocalTx,
  room: RoomUri,
  group: MemberGroup,
): readonly HeardKnock[] {
  const { joinLinks } = decodeRoomState(group.roomState());
  const present = new Set(group.members().map(({ user }) => user));
  return readKnocks(tx, room).filter(
    ({ user, key, at }) =>
      at + LIMITS.knockKeptMs > context.env.now() &&
      !present.has(user) &&
      !joinLinks.some((link) => equalBytes(link.key, key)),
  );
}

export function mayAnswer({ self }: GroupsContext, group: MemberGroup): boolean {
  const state = decodeRoomState(group.roomState());
  const roster = group.members().map(({ leaf, client }) => ({ leaf, client }));
  const role = roleOf(roomView(state, roster), self.user);
  return hasCapability(state, role, CAPABILITIES.acceptKnock);
}
