import {
  type Profile,
  type RoomUri,
  type UserUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";

import type { LocalTx } from "../storage/index.ts";
import { wordingOf } from "./own-profile.ts";

const place = (room: RoomUri) => `profile said ${room}`;

/** What this user said last in a conversation, at whichever client; undefined: nothing. */
export function wordingIn(tx: LocalTx, room: RoomUri): string | undefined {
  const said = tx.settings.get(place(room));
  return said === undefined ? undefined : utf8Decode(said);
}

export function noteSaid(tx: LocalTx, room: RoomUri, profile: Profile): void {
  tx.settings.put(place(room), utf8Encode(wordingOf(profile)));
}

/** There may be somebody who has not heard it: it is said again. */
export function forgetSaid(tx: LocalTx, room: RoomUri): void {
  tx.settings.delete(place(room));
}

/**
 * Keeps what somebody says of themselves in a conversation, unless they said something later there
 * (FED-841). A time that has not come when the hub takes it counts as that moment, so that nobody
 * shuts themselves off from what they say next. Answers whether it is kept.
 */
export function keepProfile(
  tx: LocalTx,
  user: UserUri,
  said: { readonly room: RoomUri; readonly profile: Profile; readonly acceptedAt: number },
): boolean {
  const { room, acceptedAt } = said;
  const changedAt = Math.min(said.profile.changedAt, acceptedAt);
  const known = tx.profiles.of(user).find((row) => row.room === room);
  if (known !== undefined && known.profile.changedAt > changedAt) return false;
  tx.profiles.put(user, { room, profile: { ...said.profile, changedAt } });
  return true;
}

/**
 * What a user says of themselves, as far as this client was told: what they said last, and of two
 * that are as new the one that was said to this user alone.
 */
export function profileKept(tx: LocalTx, user: UserUri): Profile | undefined {
  const rows = tx.profiles.of(user).map(({ room, profile }) => ({
    profile,
    alone: tx.rooms.get(room)?.template === "direct" ? 1 : 0,
  }));
  const best = rows.toSorted(
    (a, b) => b.profile.changedAt - a.profile.changedAt || b.alone - a.alone,
  )[0];
  return best?.profile;
}
