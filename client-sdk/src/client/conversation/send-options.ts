import { CONTENT_BOUNDS, type Expiration, Refusal, type RoomUri } from "@treehouse/protocol";

import type { ConversationParts } from "./conversation-parts.ts";

/**
 * When a message goes by itself, from every store. Neither: as the conversation has it. Both go by whole
 * seconds: what is begun counts as one.
 */
export type Going = {
  /** So many milliseconds after it was sent; 0: never, whatever the conversation says. */
  readonly expiresIn?: number | undefined;
  /** So many milliseconds after each reader has read it, by `markRead` on any of their clients. */
  readonly expiresAfterRead?: number | undefined;
};

/** Refuses `limitExceeded` for more than a year, and for less than a second. */
export async function expiresOf(
  { chosen, groups }: ConversationParts,
  room: RoomUri,
  { expiresIn, expiresAfterRead }: Going,
): Promise<Expiration | undefined> {
  if (expiresAfterRead !== undefined) {
    return { relative: true, seconds: secondsOf(expiresAfterRead) };
  }
  if (expiresIn === 0) return undefined;
  if (expiresIn !== undefined) return after(chosen.now(), secondsOf(expiresIn));
  const policy = await groups.messageExpiration(room);
  const seconds = policy?.defaultDuration ?? 0;
  return seconds === 0 ? undefined : after(chosen.now(), seconds);
}

function after(now: number, seconds: number): Expiration {
  return { relative: false, seconds: Math.ceil(now / 1000) + seconds };
}

export function secondsOf(ms: number): number {
  const limit = CONTENT_BOUNDS.lifetimeMaxMs;
  if (ms >= 1000 && ms <= limit) return Math.ceil(ms / 1000);
  const text = "a message stays for a second at least and a year at most";
  throw new Refusal("limitExceeded", text, { limitName: "lifetimeMaxMs", limit });
}
