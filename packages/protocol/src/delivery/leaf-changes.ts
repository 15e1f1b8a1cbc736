import { enumeration, struct, u32, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { clientUriCodec } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import type { LeafChange } from "./entry.ts";

export const leafChangeCodec: Codec<LeafChange> = struct<LeafChange>({
  leaf: u32,
  client: clientUriCodec,
  change: enumeration({ added: 1, removed: 2 }),
});

export const leafChangesCodec: Codec<readonly LeafChange[]> = vector(leafChangeCodec, {
  countMax: LIMITS.leafChangesMax,
});
