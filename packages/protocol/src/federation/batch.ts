import type { Bytes } from "../bytes/index.ts";
import { checked, struct, u64, utf8, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { incarnationCodec, signedHeadCodec } from "../delivery/index.ts";
import type { SignedHead } from "../delivery/index.ts";
import { LIMITS } from "../limits.ts";
import { batchItemCodec } from "./batch-item.ts";
import type { BatchItem } from "./batch-item.ts";

/** A piece of the stream from one server to another: the body of a notify request. */
export type Batch = {
  /** Names the life of the sender's sequences towards this receiver. */
  readonly incarnation: Bytes;
  /** Ascending by sequence without gaps. */
  readonly items: readonly BatchItem[];
  /** Of rooms whose entries are in this batch or came before. */
  readonly heads: readonly SignedHead[];
};

export type RejectedItem = {
  readonly sequence: number;
  /** A refusal code; a newer peer may know more than we do. */
  readonly code: string;
};

/** Where the receiver stands. */
export type BatchAnswer = {
  /** The one that was asked about. */
  readonly incarnation: Bytes;
  /** The next sequence that is expected of it: all before are taken, or rejected for good. */
  readonly next: number;
  /**
   * Items of the last sequences before `next` that have no effect, whichever batch they came in:
   * a lost answer then loses no verdict.
   */
  readonly rejected: readonly RejectedItem[];
};

export const batchCodec: Codec<Batch> = struct<Batch>({
  incarnation: incarnationCodec,
  items: checked(
    vector(batchItemCodec, {
      countMax: LIMITS.batchItemsMax,
      bytesMax: LIMITS.batchBytesMax + LIMITS.batchItemBytesMax,
    }),
    (items) =>
      areConsecutive(items) ? undefined : "items whose sequences do not follow each other",
  ),
  heads: vector(signedHeadCodec, { countMax: LIMITS.batchHeadsMax }),
});

export const batchAnswerCodec: Codec<BatchAnswer> = checked(
  struct<BatchAnswer>({
    incarnation: incarnationCodec,
    next: u64,
    rejected: vector(
      struct<RejectedItem>({ sequence: u64, code: utf8({ max: LIMITS.nameBytesMax }) }),
      { countMax: LIMITS.rejectedItemsMax },
    ),
  }),
  faultOfAnswer,
);

/** FED-270: from 1 on, and without gaps. */
function areConsecutive(items: readonly BatchItem[]): boolean {
  const first = items[0]?.sequence ?? 1;
  return first > 0 && items.every(({ sequence }, index) => sequence === first + index);
}

function faultOfAnswer({ next, rejected }: BatchAnswer): string | undefined {
  if (next === 0) return "sequences begin at 1";
  let before = 0;
  for (const { sequence } of rejected) {
    if (sequence <= before || sequence >= next) return "rejected items out of order or not taken";
    before = sequence;
  }
  return undefined;
}
