import {
  type Bytes,
  type ClientUri,
  decodeRoomState,
  type GroupUri,
  Refusal,
  type RoomView,
  type UserUri,
} from "@treehouse/protocol";

import { type GroupsContext, type Room, isDamage, loadGroup, viewOf } from "../room/index.ts";

/** The group that this client cannot follow any more, as far as it says what may come after it. */
export type FormerGroup = {
  readonly group: GroupUri;
  readonly epoch: number;
  readonly transcript: Bytes;
  readonly hubKey: Bytes | undefined;
  readonly term: number;
  readonly users: ReadonlySet<UserUri>;
  readonly view: RoomView;
  /** The key with which each client signs there. */
  readonly keys: ReadonlyMap<ClientUri, Bytes>;
  /** The key by which each of them was known. */
  readonly identities: ReadonlyMap<UserUri, Bytes>;
};

/** Undefined when there is none, or it cannot be read. */
export function readFormerGroup(
  context: GroupsContext,
  room: Room,
): Promise<FormerGroup | undefined> {
  return room.serial.run(() => formerGroupOf(context, room));
}

/** The same, in the room's `serial`. */
export async function formerGroupOf(
  context: GroupsContext,
  room: Room,
): Promise<FormerGroup | undefined> {
  try {
    const group = await loadGroup(context, room);
    const { hubKey, term } = decodeRoomState(group.roomState());
    const members = group.members();
    const identities = new Map(
      members.map(({ user, identity }) => [user, identity.certificate.identityKey]),
    );
    return {
      group: group.group,
      epoch: group.epoch,
      transcript: group.confirmedTranscriptHash(),
      hubKey,
      term,
      identities,
      users: new Set(identities.keys()),
      view: viewOf(group),
      keys: new Map(members.map(({ client, signatureKey }) => [client, signatureKey])),
    };
  } catch (error) {
    if (!(error instanceof Refusal) && !isDamage(error)) throw error;
    return undefined;
  }
}
