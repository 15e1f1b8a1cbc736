import {
  type RoomUri,
  userField,
  userOfClient,
  type UserUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import type { MemberGroup } from "@treehouse/mls/member";
import { z } from "zod";

import type { LocalTx } from "../../storage/index.ts";

const place = (room: RoomUri) => `people ${room}`;
const peopleSchema = z.array(userField);

export const noEpoch = -1;

/** A room as far as it is needed here. */
type Peopled = {
  readonly uri: RoomUri;
  readonly group: MemberGroup | undefined;
  /** The epoch in which it was noted last. */
  peopleEpoch: number;
};

/** What was written last for a group that is in memory. */
const written = new WeakMap<MemberGroup, string>();

/** Notes who is in, once an epoch: to look for somebody in all rooms, no group has to be loaded. */
export function notePeople(tx: LocalTx, room: Peopled): void {
  const { group } = room;
  if (group === undefined || room.peopleEpoch === group.epoch) return;
  room.peopleEpoch = group.epoch;
  const people = group.members().map(({ client }) => userOfClient(client));
  const text = textOf(people);
  // Hardly any commit changes it, and in a large room it is long.
  if (written.get(group) === text) return;
  writeText(tx, room.uri, text);
  written.set(group, text);
}

export function writePeople(tx: LocalTx, room: RoomUri, people: readonly UserUri[]): void {
  writeText(tx, room, textOf(people));
}

function textOf(people: readonly UserUri[]): string {
  return JSON.stringify([...new Set(people)]);
}

function writeText(tx: LocalTx, room: RoomUri, text: string): void {
  const known = tx.settings.get(place(room));
  if (known !== undefined && utf8Decode(known) === text) return;
  tx.settings.put(place(room), utf8Encode(text));
}

/** As last noted; undefined: nobody has noted it yet. */
export function peopleNoted(tx: LocalTx, room: RoomUri): readonly UserUri[] | undefined {
  const noted = tx.settings.get(place(room));
  return noted === undefined ? undefined : peopleSchema.parse(JSON.parse(utf8Decode(noted)));
}
