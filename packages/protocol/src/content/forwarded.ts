import { parseUserUri, type UserUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import { type CborValue, isMap } from "./cbor.ts";
import { type MimiContent } from "./mimi-content.ts";

/** Private key of the extensions map. */
export const EXTENSION_FORWARDED = "vnd.treehouse.forwarded";

/** What a forwarded message says of the one before. Nobody can check it: it is the forwarder's word. */
export type Forwarded = {
  readonly from: UserUri | undefined;
  /** When that one was accepted, in milliseconds since the Unix epoch. */
  readonly at: number | undefined;
};

const fromKey = 1;
const atKey = 2;

/**
 * FED-837: what `original` shows, in a message of one's own that `place` gives. What its parts are stands
 * in extensions of the same map, named by text, and goes with them.
 */
export function forwardContent(
  place: MimiContent,
  original: MimiContent,
  { from, at }: Forwarded,
): MimiContent {
  const named = new Map<number, CborValue>();
  if (from !== undefined) named.set(fromKey, from);
  if (at !== undefined) named.set(atKey, at);
  const kept = [...original.extensions].filter(([key]) => typeof key === "string");
  const extensions = new Map([...place.extensions, ...kept, [EXTENSION_FORWARDED, named] as const]);
  return { ...place, extensions, body: original.body };
}

/** Undefined for a message that was not forwarded. What is not understood is passed over. */
export function forwardedOf({ extensions }: MimiContent): Forwarded | undefined {
  const value = extensions.get(EXTENSION_FORWARDED);
  if (!isMap(value)) return undefined;
  const at = value.get(atKey);
  return {
    from: userIn(value.get(fromKey)),
    at: typeof at === "number" && at >= 0 ? at : undefined,
  };
}

function userIn(value: CborValue | undefined): UserUri | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return parseUserUri(value);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
