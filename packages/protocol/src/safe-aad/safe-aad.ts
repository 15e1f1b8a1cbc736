import type { Bytes } from "../bytes/index.ts";
import { opaque, struct, u64 } from "../codec/index.ts";
import type { Codec, Sharing } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import { dictionaryCodec } from "./dictionary.ts";
import type { Component, Dictionary } from "./dictionary.ts";

/** Our component in a message's authenticated_data. */
export const TREEHOUSE_AAD_COMPONENT = 0x8001;
/** Reserved for franking (MIMI): a tag of 32 octets. */
export const FRANK_AAD_COMPONENT = 0x0020;

/** Where a sender stood when it made a message; forks and withheld entries show in it. */
export type TreehouseAad = {
  readonly epoch: number;
  /** 16 octets from the MLS exporter, label `forkTag`. */
  readonly forkTag: Bytes;
  /** Position of the last entry that the sender had applied. */
  readonly lastPosition: number;
};

export type SafeAad = {
  readonly treehouse: TreehouseAad | undefined;
  /** All other components; unknown ones are kept. */
  readonly others: Dictionary;
};

export const treehouseAadCodec: Codec<TreehouseAad> = struct<TreehouseAad>({
  epoch: u64,
  forkTag: opaque({ max: 16, min: 16 }),
  lastPosition: u64,
});

const itemsCodec = dictionaryCodec(LIMITS.authenticatedDataBytesMax);

/** The content of authenticated_data; a RangeError if `others` holds our component or one twice. */
export function encodeSafeAad(aad: SafeAad): Bytes {
  const items: Component[] = [...aad.others];
  if (aad.treehouse !== undefined) {
    const data = treehouseAadCodec.encode(aad.treehouse);
    items.push({ component: TREEHOUSE_AAD_COMPONENT, data });
  } else if (aad.others.some(({ component }) => component === TREEHOUSE_AAD_COMPONENT)) {
    throw new RangeError("our component among the others");
  }
  return itemsCodec.encode(items.sort((left, right) => left.component - right.component));
}

/** Reads authenticated_data strictly; it may lack our component. */
export function decodeSafeAad(bytes: Uint8Array, sharing: Sharing = "copied"): SafeAad {
  const items = itemsCodec.decode(bytes, sharing);
  const ours = items.find(({ component }) => component === TREEHOUSE_AAD_COMPONENT);
  return {
    treehouse: ours === undefined ? undefined : treehouseAadCodec.decode(ours.data, sharing),
    others: items.filter((item) => item !== ours),
  };
}
