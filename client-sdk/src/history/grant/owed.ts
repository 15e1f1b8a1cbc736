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

type Place = { readonly room: RoomUri; readonly position: number };

const owed = "history owed ";
const nameOf = ({ room, position }: Place) => `${owed}${room} ${position}`;
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
}

export function allOwed(tx: LocalTx): readonly Newcomers[] {
  return tx.settings.namesAfter(owed).flatMap((name) => {
    const [room = "", position = ""] = name.split(" ");
    const octets = tx.settings.get(`${owed}${name}`);
    if (octets === undefined) return [];
    return [{ room: parseRoomUri(room), position: Number(position), ...owedCodec.decode(octets) }];
  });
}
