import type { Bytes } from "../bytes/index.ts";
import { checked, opaque, optional, struct, u64, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { clientUriCodec } from "../identifiers/index.ts";
import type { ClientUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { signedHeadCodec } from "./head.ts";
import type { SignedHead } from "./head.ts";
import { incarnationCodec, ratchetTreeCodec, welcomeCodec } from "./mls-objects.ts";

/** A Welcome for clients of the peer that receives the batch. */
export type WelcomeDelivery = { readonly clients: readonly ClientUri[]; readonly welcome: Bytes };

/** An entry on its way to one peer, with what is for that peer alone. */
export type BatchItem = {
  /** Gapless from 1 for one peer and incarnation. */
  readonly sequence: number;
  /** The octets of an Entry, exactly as the hub made them. */
  readonly entry: Bytes;
  readonly welcomes: readonly WelcomeDelivery[];
  /** For a peer that had nobody in the room before. */
  readonly ratchetTree: Bytes | undefined;
};

export type Batch = {
  readonly incarnation: Bytes;
  /** Ascending by sequence without gaps. */
  readonly items: readonly BatchItem[];
  /** Of the rooms whose entries are in the batch. */
  readonly heads: readonly SignedHead[];
};

export const welcomeDeliveryCodec: Codec<WelcomeDelivery> = struct<WelcomeDelivery>({
  clients: vector(clientUriCodec, { countMin: 1, countMax: LIMITS.welcomesPerItemMax }),
  welcome: welcomeCodec,
});

export const batchItemCodec: Codec<BatchItem> = struct<BatchItem>({
  sequence: u64,
  entry: opaque({ max: LIMITS.entryBytesMax, min: 1 }),
  welcomes: vector(welcomeDeliveryCodec, { countMax: LIMITS.welcomesPerItemMax }),
  ratchetTree: optional(ratchetTreeCodec),
});

export const batchCodec: Codec<Batch> = struct<Batch>({
  incarnation: incarnationCodec,
  items: checked(vector(batchItemCodec, { countMax: LIMITS.batchItemsMax }), (items) =>
    areConsecutive(items) ? undefined : "items whose sequences do not follow each other",
  ),
  heads: vector(signedHeadCodec, { countMax: LIMITS.batchItemsMax }),
});

/** FED-270: from 1 on, and without gaps. */
function areConsecutive(items: readonly BatchItem[]): boolean {
  const first = items[0]?.sequence ?? 1;
  return first > 0 && items.every(({ sequence }, index) => sequence === first + index);
}
