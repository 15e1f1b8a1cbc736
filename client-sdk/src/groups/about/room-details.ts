import {
  type Bytes,
  type CodecValue,
  fixed,
  LIMITS,
  opaque,
  optional,
  struct,
  u64,
  u8,
} from "@treehouse/protocol";

import { aboutCodecs, type RoomAbout } from "./room-about.ts";

const detailsCodec = struct({
  version: u8,
  ...aboutCodecs,
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

/** What the room says of itself, as this client has it. */
export function aboutOf({ name, description, topic, picture }: RoomDetails): RoomAbout {
  return { name, description, topic, picture };
}
