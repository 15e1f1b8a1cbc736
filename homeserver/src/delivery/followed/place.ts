import { equalBytes, readRestored } from "@treehouse/protocol";
import type { Bytes, Entry, SignedHead } from "@treehouse/protocol";
import type { TouchedRoom } from "./prepare.ts";

/** Where an entry stands, seen from the end of what is here. */
export type Place =
  /** Of a term that is over, or of one that nothing proves (FED-955, FED-956). */
  | { readonly kind: "stale" }
  /** What stands there is here already. */
  | { readonly kind: "known" }
  /** Something between is missing, and is to be asked for (FED-951). */
  | { readonly kind: "ahead" }
  /** The hub has said otherwise before (FED-952). */
  | { readonly kind: "forked" }
  | { readonly kind: "next" }
  /** The next one, for what lies between will never come (FED-951). */
  | { readonly kind: "behindHole" }
  /** The first one of a new term of a restored hub, with the head that proves it (FED-957). */
  | { readonly kind: "behindStep"; readonly proof: SignedHead };

export type PlaceQuestion = {
  readonly entry: Entry;
  /** Of the entry, as the next one names it. */
  readonly hash: Bytes;
  /** It was asked for: what the answer leaves out is gone. */
  readonly holes: boolean;
  /** A head of the entry's term that the hub has signed. */
  readonly proof: SignedHead | undefined;
};

/** Compares an entry with what is known of its room; changes nothing. */
export function placeOf(
  touched: Pick<TouchedRoom, "head" | "newest">,
  { entry, hash, holes, proof }: PlaceQuestion,
): Place {
  const { head, newest } = touched;
  // What was asked for may well be of before the newest head.
  if (entry.term < (holes ? head.term : termOf(touched))) return { kind: "stale" };
  if (entry.position <= head.position) return { kind: "known" };
  const place =
    entry.term > head.term ? stepOf(head, entry, holes, proof) : nextOf(head, entry, holes);
  if (place.kind === "stale" || place.kind === "ahead") return place;
  const lie = newest !== undefined && isOtherAt(newest, { ...entry, hash });
  return lie ? { kind: "forked" } : place;
}

/** The highest term that the hub has proved: by an entry, or by a head alone (FED-956). */
export function termOf({ head, newest }: Pick<TouchedRoom, "head" | "newest">): number {
  return Math.max(head.term, newest?.term ?? 0);
}

/** Whether two signed heads prove a fork (FED-211). */
export function contradicts(one: SignedHead["head"], other: SignedHead["head"]): boolean {
  if (one.generation !== other.generation) return false;
  if (isOtherAt(one, other)) return true;
  const same = one.term === other.term && one.position === other.position;
  return same && (one.epoch !== other.epoch || !equalBytes(one.treeHash, other.treeHash));
}

type Point = Pick<SignedHead["head"], "term" | "position" | "hash">;

function isOtherAt(one: Point, other: Point): boolean {
  const same = one.term === other.term && one.position === other.position;
  return same && !equalBytes(one.hash, other.hash);
}

function nextOf(head: TouchedRoom["head"], entry: Entry, holes: boolean): Place {
  if (entry.position > head.position + 1) return { kind: holes ? "behindHole" : "ahead" };
  return { kind: follows(entry, head) ? "next" : "forked" };
}

function stepOf(
  head: TouchedRoom["head"],
  entry: Entry,
  holes: boolean,
  proof: SignedHead | undefined,
): Place {
  if (proof === undefined) return { kind: "stale" };
  // The hub may have more of the old term than we: asked for it, it says whether.
  const lacks =
    !follows(entry, head) && (readRestored(entry)?.position ?? Infinity) > head.position;
  return lacks && !holes ? { kind: "ahead" } : { kind: "behindStep", proof };
}

/** Whether the entry names the last one that is here, if that is known. */
function follows({ previous }: Entry, { hash }: TouchedRoom["head"]): boolean {
  return hash.length === 0 || equalBytes(previous, hash);
}
