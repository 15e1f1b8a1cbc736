import type { Bytes } from "../bytes/index.ts";
import { fixed, opaque, struct, u64, versioned } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { groupUriCodec } from "../identifiers/index.ts";
import type { GroupUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

/** Before everything that is sealed; also the associated data of the sealing (FED-851). */
export type EphemeralHeader = {
  /** Names the room and its generation. */
  readonly group: GroupUri;
  /** Whose exporter gives the key. */
  readonly epoch: number;
  /** Sixteen random octets: each message has a key of its own, and by them it is known again. */
  readonly salt: Bytes;
};

/** What a server sees of an ephemeral message: it is pushed to whoever is connected, never stored. */
export type EphemeralMessage = EphemeralHeader & { readonly ciphertext: Bytes };

const VERSION = 1;
const header = { group: groupUriCodec, epoch: u64, salt: fixed(16) };

export const ephemeralHeaderCodec: Codec<EphemeralHeader> = versioned(
  VERSION,
  struct<EphemeralHeader>(header),
);

export const ephemeralMessageCodec: Codec<EphemeralMessage> = versioned(
  VERSION,
  struct<EphemeralMessage>({
    ...header,
    ciphertext: opaque({ max: LIMITS.ephemeralMessageBytesMax, min: 1 }),
  }),
);
