import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import {
  type AssetLink,
  assetLinkFromCbor,
  assetLinkToCbor,
  type Bytes,
  concatBytes,
  decodeCbor,
  encodeCbor,
  LABELS,
  LIMITS,
  opaque,
  Refusal,
  type RoomUri,
  signedBytes,
  struct,
  u8,
  utf8,
  utf8Encode,
} from "@treehouse/protocol";

/** What a room says of itself to those in it: its metadata, as every member has it. */
export type RoomAbout = {
  readonly name: string;
  readonly description: string;
  /** What is talked about now. */
  readonly topic: string;
  /** A link of FED-1003 as CBOR; empty where there is no picture. */
  readonly picture: Bytes;
};

export type RoomAboutField = keyof RoomAbout;

export const aboutFields: readonly RoomAboutField[] = ["name", "description", "topic", "picture"];

const none: Bytes = new Uint8Array(0);

export function named(name: string): RoomAbout {
  return { name, description: "", topic: "", picture: none };
}

/** The fields as they stand in what is sealed, in the order of FED-993. */
export const aboutCodecs = {
  name: utf8({ max: LIMITS.nameBytesMax }),
  description: utf8({ max: LIMITS.descriptionBytesMax }),
  topic: utf8({ max: LIMITS.roomTopicBytesMax }),
  picture: opaque({ max: LIMITS.roomPictureLinkBytesMax }),
} as const;

const fieldsCodec = struct({ version: u8, ...aboutCodecs });
const metadataCodec = struct({
  version: u8,
  ...aboutCodecs,
  /** Brings what a room says of itself to one of few lengths. */
  padding: opaque({ max: LIMITS.roomMetadataBytesMax }),
});
/**
 * FED-1141: a room with a name alone has the shortest, whatever the name; all bounds together are
 * within the last one. At least 64 octets stay for the padding, so that its own length takes two.
 */
const paddedLengths = [256, 1024, 2560] as const;
const paddingMin = 64 + 2;
const nonceLength = 24;

/**
 * The room's metadata as every server sees it: XChaCha20-Poly1305 under a key that members get
 * with their Welcome (architecture §5).
 */
export function sealMetadata(
  room: RoomUri,
  key: Uint8Array,
  about: RoomAbout,
  random: (length: number) => Bytes,
): Bytes {
  const nonce = random(nonceLength);
  const { length } = fieldsCodec.encode({ version: 1, ...about });
  const padded = paddedLengths.find((one) => one >= length + paddingMin) ?? length + paddingMin;
  const padding = new Uint8Array(padded - length - 2);
  const plain = metadataCodec.encode({ version: 1, ...about, padding });
  return concatBytes(nonce, xchacha20poly1305(key, nonce, placeOf(room)).encrypt(plain));
}

/** What the room says of itself, or undefined when this key does not open it. */
export function openMetadata(
  room: RoomUri,
  key: Uint8Array,
  metadata: Uint8Array,
): RoomAbout | undefined {
  try {
    const cipher = xchacha20poly1305(key, metadata.subarray(0, nonceLength), placeOf(room));
    const plain = metadataCodec.decode(cipher.decrypt(metadata.subarray(nonceLength)));
    const { name, description, topic, picture } = plain;
    return { name, description, topic, picture };
  } catch {
    return undefined;
  }
}

function placeOf(room: RoomUri): Bytes {
  return signedBytes(LABELS.roomMetadata, utf8Encode(room));
}

/** FED-1142: a picture lies with a server, for those in the room. Refuses `malformed`. */
export function encodePicture(room: RoomUri, link: AssetLink | undefined): Bytes {
  if (link === undefined) return none;
  if (!isPictureOf(room, link)) {
    throw new Refusal("malformed", "a picture is a small asset for those in the conversation");
  }
  return encodeCbor(assetLinkToCbor(link));
}

/** The picture that a member has set; undefined where there is none that can be shown. */
export function pictureOf(room: RoomUri, { picture }: RoomAbout): AssetLink | undefined {
  if (picture.length === 0) return undefined;
  try {
    const link = assetLinkFromCbor(decodeCbor(picture, 2));
    return isPictureOf(room, link) ? link : undefined;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function isPictureOf(room: RoomUri, { access, encryption, size }: AssetLink): boolean {
  const isHere = access.kind === "room" && access.room === room;
  return isHere && encryption === "plain" && size <= LIMITS.roomPictureBytesMax;
}
