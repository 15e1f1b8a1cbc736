import type { MemberGroup } from "@treehouse/mls/member";
import { type RoomUri, userField, type UserUri, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

import type { LocalTx } from "../../storage/index.ts";

const place = (room: RoomUri) => `unvouched ${room}`;
const usersSchema = z.array(userField);

/**
 * Users who came into a room while this client was away, and whom nobody vouches for that it knew: its hub
 * may have made them up (T-01, T-20). Nothing is sent to them until the user has accepted them.
 */
export function unvouchedIn(tx: LocalTx, room: RoomUri): readonly UserUri[] {
  const noted = tx.settings.get(place(room));
  return noted === undefined ? [] : usersSchema.parse(JSON.parse(utf8Decode(noted)));
}

/** Adds to those who wait for the user's word already. */
export function noteUnvouched(tx: LocalTx, room: RoomUri, users: readonly UserUri[]): void {
  if (users.length === 0) return;
  const all = [...new Set([...unvouchedIn(tx, room), ...users])];
  tx.settings.put(place(room), utf8Encode(JSON.stringify(all)));
}

/** Nobody waits for the user's word any more: it was given, or the room is forgotten. */
export function dropUnvouched(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(place(room));
}

/** Those of them who are there. */
export function unvouchedMembers(
  tx: LocalTx,
  room: RoomUri,
  group: Pick<MemberGroup, "members">,
): readonly UserUri[] {
  const noted = unvouchedIn(tx, room);
  if (noted.length === 0) return [];
  const present = new Set(group.members().map(({ user }) => user));
  return noted.filter((user) => present.has(user));
}
