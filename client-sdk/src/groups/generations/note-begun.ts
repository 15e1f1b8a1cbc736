import {
  type Bytes,
  chainHashOf,
  decodeRoomState,
  type Entry,
  readBegun,
  roomOfGroup,
  type SignedHead,
  verifyHead,
} from "@treehouse/protocol";

import { type GroupsContext, type Room, loadGroup } from "../room/index.ts";

/** The room goes on with another group than this client's. */
export type Begun = {
  readonly generation: number;
  /** The entry that says so, if it was read. */
  readonly at:
    | { readonly position: number; readonly hash: Bytes; readonly term: number }
    | undefined;
  /** When this client comes by a commit of its own, monotonic: a Welcome may come before. */
  readonly comesAt: number;
};

/** How long whoever has begun is left to bring in the others: that costs one commit, not many. */
const patienceMs = 1_500;
const spreadPerMemberMs = 50;
const spreadMaxMs = 20_000;

/**
 * Whether an entry is of a later generation than this client's group: nothing of it can be applied, and
 * the client comes along. Runs in the room's `serial`.
 */
export async function noteBegun(
  context: GroupsContext,
  room: Room,
  entry: Entry,
  bytes: Uint8Array,
): Promise<boolean> {
  const group = await loadGroup(context, room);
  const { generation } = entry;
  if (generation <= roomOfGroup(group.group).generation) return false;
  if ((room.begun?.generation ?? 0) >= generation) return true;
  const isFirst = readBegun(entry) !== undefined;
  const hash = chainHashOf(entry, bytes, context.member.crypto.hash);
  const { position, term } = entry;
  room.begun = {
    generation,
    at: isFirst ? { position, hash, term } : undefined,
    comesAt: context.env.monotonic() + patienceMs + spread(context, group.members().length),
  };
  return true;
}

/**
 * Whether a head is one of a hub that the room's own has not named: of a later generation, or of another
 * one of this client's that owners may have agreed to (FED-1138). That they have is shown by the group.
 */
export async function noteReplaced(
  context: GroupsContext,
  room: Room,
  signed: SignedHead | undefined,
): Promise<boolean> {
  if (signed === undefined || signed.head.room !== room.uri) return false;
  const group = await loadGroup(context, room);
  const { predecessor, hubKey } = decodeRoomState(group.roomState());
  const own = roomOfGroup(group.group).generation;
  const { generation } = signed.head;
  const { crypto } = context.member;
  const verify = crypto.verify.bind(crypto);
  const isRival =
    generation === own &&
    predecessor?.claim.reason === "hubGone" &&
    !(hubKey !== undefined && verifyHead(signed, hubKey, verify));
  if (generation <= own && !isRival) return false;
  if (room.begun !== undefined) return true;
  const waitMs = patienceMs + spread(context, group.members().length);
  room.begun = { generation, at: undefined, comesAt: context.env.monotonic() + waitMs };
  return true;
}

/** Between nothing and a time that grows with the room: not all commit at once. */
function spread({ env }: GroupsContext, members: number): number {
  const [first = 0, second = 0] = env.random(2);
  return Math.min(spreadMaxMs, members * spreadPerMemberMs) * ((first * 256 + second) / 65_536);
}
