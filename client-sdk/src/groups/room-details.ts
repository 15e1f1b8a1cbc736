import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import {
  type Bytes,
  type CodecValue,
  concatBytes,
  fixed,
  LABELS,
  LIMITS,
  opaque,
  optional,
  type RoomUri,
  signedBytes,
  struct,
  u64,
  u8,
  utf8,
  utf8Encode,
} from "@treehouse/protocol";

const detailsCodec = struct({
  version: u8,
  name: utf8({ max: LIMITS.roomMetadataBytesMax }),
  metadataKey: fixed(32),
  /** The epoch in which this client came: messages of earlier ones were never for it. */
  joinedEpoch: u64,
  /** The founding request, until the hub's answer to it is known. */
  foundRequest: optional(opaque({ max: LIMITS.requestBodyBytesMax })),
});

/** What this client keeps, sealed, about a room. */
export type RoomDetails = CodecValue<typeof detailsCodec>;

export function encodeDetails(details: RoomDetails): Bytes {
  return detailsCodec.encode(details);
}

export function decodeDetails(bytes: Uint8Array): RoomDetails {
  return detailsCodec.decode(bytes);
}

const nameCodec = utf8({ max: LIMITS.nameBytesMax });
const metadataCodec = struct({
  version: u8,
  name: nameCodec,
  /** Brings every name to one length. */
  padding: opaque({ max: 256 }),
});
/** At least 64 octets stay for the padding, so that its own length always takes two. */
const paddedLength = 64 + 2 + LIMITS.nameBytesMax;
const nonceLength = 24;

/**
 * The room's metadata as every server sees it: XChaCha20-Poly1305 under a key that members get
 * with their Welcome (architecture §5). `name` has at most `LIMITS.nameBytesMax` octets.
 */
export function sealMetadata(
  room: RoomUri,
  key: Uint8Array,
  name: string,
  random: (length: number) => Bytes,
): Bytes {
  const nonce = random(nonceLength);
  const padding = new Uint8Array(paddedLength - nameCodec.encode(name).length);
  const plain = metadataCodec.encode({ version: 1, name, padding });
  return concatBytes(nonce, xchacha20poly1305(key, nonce, placeOf(room)).encrypt(plain));
}

/** The name of the room, or undefined when this key does not open the metadata. */
export function openMetadata(
  room: RoomUri,
  key: Uint8Array,
  metadata: Uint8Array,
): string | undefined {
  try {
    const cipher = xchacha20poly1305(key, metadata.subarray(0, nonceLength), placeOf(room));
    return metadataCodec.decode(cipher.decrypt(metadata.subarray(nonceLength))).name;
  } catch {
    return undefined;
  }
}

function placeOf(room: RoomUri): Bytes {
  return signedBytes(LABELS.roomMetadata, utf8Encode(room));
}
