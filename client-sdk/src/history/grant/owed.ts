import {
  HISTORY_LIMITS,
  parseRoomUri,
  type RoomUri,
  struct,
  u64,
  userUriCodec,
  vector,
} from "@treehouse/protocol";

import type { Newcomers } from "../../groups/index.ts";
import type { LocalTx } from "../../storage/index.ts";
import { type Heard, heardCodec, type HeardGrant } from "./heard-grant.ts";

type Place = { readonly room: RoomUri; readonly position: number };

const owed = "history owed ";
const nameOf = ({ room, position }: Place) => `${owed}${room} ${position}`;
const tellersOf = ({ room, position }: Place) => `history told ${room} ${position} `;
const owedCodec = struct({
  acceptedAt: u64,
  users: vector(userUriCodec, { countMin: 1, countMax: HISTORY_LIMITS.historyGrantUsersMax }),
});

/** Notes that newcomers wait to be told; it outlives this process, which may end before its turn. */
export function noteOwed(tx: LocalTx, { acceptedAt, users, ...place }: Newcomers): void {
  const told = users.slice(0, HISTORY_LIMITS.historyGrantUsersMax);
  tx.settings.put(nameOf(place), owedCodec.encode({ acceptedAt, users: told }));
}

/** They were told, or never will be. */
export function settleOwed(tx: LocalTx, place: Place): void {
  tx.settings.delete(nameOf(place));
  for (const user of tx.settings.namesAfter(tellersOf(place))) {
    tx.settings.delete(`${tellersOf(place)}${user}`);
  }
}

export function allOwed(tx: LocalTx): readonly Newcomers[] {
  return tx.settings.namesAfter(owed).flatMap((name) => {
    const [room = "", position = ""] = name.split(" ");
    const newcomers = owedAt(tx, { room: parseRoomUri(room), position: Number(position) });
    return newcomers === undefined ? [] : [newcomers];
  });
}

/** The newcomers of a commit, while they wait. */
export function owedAt(tx: LocalTx, { room, position }: Place): Newcomers | undefined {
  const octets = tx.settings.get(nameOf({ room, position }));
  return octets === undefined ? undefined : { room, position, ...owedCodec.decode(octets) };
}

/**
 * Notes a grant that names all who wait since a commit that is known: whether its sender may grant, and
 * whether there is anything in it, is looked at when it is this client's turn. The first one of each sender.
 */
export function noteTold(tx: LocalTx, { user, room, grant }: Heard): void {
  const place = { room, position: grant.position };
  const name = `${tellersOf(place)}${user}`;
  const waiting = owedAt(tx, place)?.users;
  if (waiting === undefined || tx.settings.get(name) !== undefined) return;
  // Who came by the same commit has heard nothing before it.
  const isForThem = waiting.every((one) => grant.to.includes(one)) && !grant.to.includes(user);
  if (!isForThem || grant.pieces.length === 0) return;
  tx.settings.put(name, heardCodec.encode({ user, grant }));
}

/** What was noted for them. */
export function toldAt(tx: LocalTx, place: Place): readonly HeardGrant[] {
  return tx.settings.namesAfter(tellersOf(place)).flatMap((user) => {
    const octets = tx.settings.get(`${tellersOf(place)}${user}`);
    return octets === undefined ? [] : [heardCodec.decode(octets)];
  });
}
