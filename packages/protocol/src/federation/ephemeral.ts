import type { Bytes } from "../bytes/index.ts";
import { opaque, struct, vector, versioned } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { PROTOCOL } from "../delivery/index.ts";
import { LIMITS } from "../limits.ts";

/** Ephemeral entries of many rooms, each as its hub encoded it (FED-861). */
export type EphemeralBatch = { readonly entries: readonly Bytes[] };

/** Says nothing: what became of a single entry is nobody's affair. */
export type EphemeralAnswer = object;

/** An entry's header with two URIs stands around the message. */
const entryBytesMax = LIMITS.ephemeralMessageBytesMax + 2 * LIMITS.uriBytesMax;

export const ephemeralBatchCodec: Codec<EphemeralBatch> = versioned(
  PROTOCOL,
  struct<EphemeralBatch>({
    entries: vector(opaque({ max: entryBytesMax, min: 1 }), {
      countMax: LIMITS.ephemeralBatchItemsMax,
      bytesMax: LIMITS.ephemeralBatchBytesMax,
    }),
  }),
);

export const ephemeralAnswerCodec: Codec<EphemeralAnswer> = versioned(
  PROTOCOL,
  struct<EphemeralAnswer>({}),
);
