import {
  CAPABILITIES,
  type CheckedKnock,
  checkKnock,
  clientUriCodec,
  decodeRoomState,
  type Entry,
  equalBytes,
  fixed,
  formatAddress,
  hasCapability,
  isBanned,
  LIMITS,
  Refusal,
  roleOf,
  type RoomUri,
  roomView,
  struct,
  u32,
  u64,
  type UserUri,
  userUriCodec,
  vector,
  type Verify,
} from "@treehouse/protocol";
import type { MemberGroup } from "@treehouse/mls/member";

import type { LocalTx } from "../../storage/index.ts";
import { type GroupsContext, type Room, type EntryWrite, fault, loadGroup } from "../room/index.ts";
import { identityOfKnocker, type KnockerIdentity } from "./knocker.ts";

/**
 * Somebody outside who asks to be let in, under an identity whose signatures hold and which may be
 * anybody's; a join link with the key lets in whoever it was.
 */
export type HeardKnock = Omit<CheckedKnock, "act"> & { readonly at: number };

const knocksCodec = vector(
  struct<HeardKnock>({
    user: userUriCodec,
    client: clientUriCodec,
    signatureKey: fixed(32),
    identityKey: fixed(32),
    number: u32,
    key: fixed(32),
    at: u64,
  }),
  { countMax: LIMITS.knocksKept },
);

const place = (room: RoomUri) => `signed knocks ${room}`;

function readKnocks(tx: LocalTx, room: RoomUri): readonly HeardKnock[] {
  const stored = tx.settings.get(place(room));
  return stored === undefined ? [] : knocksCodec.decode(stored);
}

/**
 * One of each identity, the last, so that none in a user's name takes the place of that user's own; the
 * oldest go when there are too many.
 */
function addKnock(tx: LocalTx, room: RoomUri, knock: HeardKnock): void {
  const others = readKnocks(tx, room).filter(
    ({ user, identityKey }) => user !== knock.user || !equalBytes(identityKey, knock.identityKey),
  );
  tx.settings.put(place(room), knocksCodec.encode([...others, knock].slice(-LIMITS.knocksKept)));
}

/** Whoever asked by this key asks no more. */
function withdrawKnock(tx: LocalTx, room: RoomUri, { user, key }: CheckedKnock): void {
  keepKnocks(tx, room, (one) => one.user !== user || !equalBytes(one.key, key));
}

export function dropKnock(tx: LocalTx, room: RoomUri, user: UserUri): void {
  keepKnocks(tx, room, (one) => one.user !== user);
}

function keepKnocks(tx: LocalTx, room: RoomUri, isKept: (one: HeardKnock) => boolean): void {
  const kept = readKnocks(tx, room).filter(isKept);
  if (kept.length === 0) tx.settings.delete(place(room));
  else tx.settings.put(place(room), knocksCodec.encode(kept));
}

/**
 * Keeps a knock, and tells it if this user may answer it. Whoever is in already does not knock. One that
 * is not signed is no user's, and a fault of the hub's, which takes none (FED-1097).
 */
export async function knockEntry(
  context: GroupsContext,
  room: Room,
  entry: Entry & { readonly kind: "knock" },
): Promise<EntryWrite> {
  const checked = readKnock(context, room, entry);
  if (checked === undefined) return fault(context, room, entry, "entryInvalid", unsignedText);
  const { user, act } = checked;
  if (act === "withdraws") {
    return { left: false, rows: (tx) => withdrawKnock(tx, room.uri, checked), after() {} };
  }
  const group = await loadGroup(context, room);
  const isIn = group.members().some((member) => member.user === user);
  let identity: KnockerIdentity = "unknown";
  let isHeard = false;
  return {
    left: false,
    rows(tx) {
      identity = identityOfKnocker(tx, checked);
      isHeard = !isIn && !tx.relations.isBlocked(user);
      if (!isIn) addKnock(tx, room.uri, { ...checked, at: entry.acceptedAt });
    },
    after() {
      if (!isHeard || !mayAnswer(context, group)) return;
      const address = formatAddress(user);
      context.events.emit("knock", { room: room.uri, user, address, identity });
    },
  };
}

const unsignedText = "The server says that somebody asks to be let in, and nobody has signed that.";

function readKnock(
  { member: { crypto }, env }: GroupsContext,
  { uri }: Room,
  { knock, acceptedAt }: Entry & { readonly kind: "knock" },
): CheckedKnock | undefined {
  const verify: Verify = (key, message, signature) => crypto.verify(key, message, signature);
  try {
    return checkKnock(knock, { room: uri, at: acceptedAt, verify });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    env.log.warn("knock.invalid", { code: error.code });
    return undefined;
  }
}

/** Those that wait for an answer: not over, not in meanwhile, not admitted, not banned or blocked. */
export function waitingKnocks(
  context: GroupsContext,
  tx: LocalTx,
  room: RoomUri,
  group: MemberGroup,
): readonly HeardKnock[] {
  const { joinLinks, sanctions } = decodeRoomState(group.roomState());
  const present = new Set(group.members().map(({ user }) => user));
  return readKnocks(tx, room).filter(
    ({ user, key, at }) =>
      at + LIMITS.knockKeptMs > context.env.now() &&
      !present.has(user) &&
      !isBanned(sanctions, user) &&
      !tx.relations.isBlocked(user) &&
      !joinLinks.some((link) => equalBytes(link.key, key)),
  );
}

export function mayAnswer({ self }: GroupsContext, group: MemberGroup): boolean {
  const state = decodeRoomState(group.roomState());
  const roster = group.members().map(({ leaf, client }) => ({ leaf, client }));
  const role = roleOf(roomView(state, roster), self.user);
  return hasCapability(state, role, CAPABILITIES.acceptKnock);
}
