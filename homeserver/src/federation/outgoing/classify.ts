import { NetworkFault, Refusal, refusalTable } from "@treehouse/protocol";
import type { RefusalCode } from "@treehouse/protocol";

/** What a failed batch means for the stream that it is a part of. */
export type Reaction =
  /** The peer cannot, or not now: the same again, later. */
  | { readonly kind: "later"; readonly reason: string; readonly retryAfterMs?: number }
  /** A rule of either operator: nothing, until that may have changed. */
  | { readonly kind: "pause"; readonly reason: string }
  /** It is the batch that is refused: something in it cannot be taken. */
  | { readonly kind: "divide"; readonly code: RefusalCode };

/** Statuses that judge what was sent; every other one is about who sends, or about the receiver. */
const judging: readonly number[] = [400, 413, 422];
/** Codes of these statuses that say nothing about items: no smaller batch would change them. */
const notJudging: readonly RefusalCode[] = ["versionUnsupported", "limitExceeded"];

/** FED-946, FED-947: how to go on after a batch that was not answered as one. */
export function reactionTo(error: unknown): Reaction {
  if (error instanceof NetworkFault) return { kind: "later", reason: error.reason };
  if (!(error instanceof Refusal)) return { kind: "later", reason: "internal" };
  const { code, data }: Refusal = error;
  const { status } = refusalTable[code];
  if (status === 403) return { kind: "pause", reason: code };
  if (judging.includes(status) && !notJudging.includes(code)) return { kind: "divide", code };
  const { retryAfterMs } = data;
  return { kind: "later", reason: code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** What becomes of an item that a peer rejected for good. */
export type Fate =
  /** A tombstone takes its place: the entry is one that the peer cannot handle. */
  | "tombstone"
  /** The peer does not know the room: it must be introduced again. */
  | "introduce"
  /** Nothing: the peer is done with the room, or with us. */
  | "dead";

/** Codes that are about a room or a hub as a whole; a tombstone would meet the same. */
const aboutTheRoom: readonly string[] = ["conflict", "notHub", "staleTerm", "notAllowed"];

export function fateOf(form: string, code: string): Fate {
  if (form !== "entry" && form !== "delivery") return "dead";
  if (code === "unknownRoom") return "introduce";
  return aboutTheRoom.includes(code) ? "dead" : "tombstone";
}
