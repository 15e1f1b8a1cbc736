import { Refusal } from "@treehouse/protocol";

/** How many an app wants, at most; by default `otherwise`. Refuses `malformed`. */
export function limitOf(wanted: number | undefined, otherwise: number): number {
  const limit = wanted ?? otherwise;
  if (Number.isSafeInteger(limit) && limit >= 0) return limit;
  throw new Refusal("malformed", "`limit` is a whole number from 0 on");
}

/** A place of a conversation, where an app names one. Refuses `malformed`. */
export function placeIn(position: number | undefined): number | undefined {
  if (position === undefined || Number.isSafeInteger(position)) return position;
  throw new Refusal("malformed", "a position is a whole number");
}
