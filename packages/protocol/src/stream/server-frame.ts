import type { Bytes } from "../bytes/index.ts";
import { codec, enumeration, malformed, optional, u32, u64, utf8, Writer } from "../codec/index.ts";
import type { Codec, Reader } from "../codec/index.ts";
import { incarnationCodec, signedHeadCodec } from "../delivery/index.ts";
import type { SignedHead } from "../delivery/index.ts";
import { parseRoomUri, streamUriCodec } from "../identifiers/index.ts";
import type { RoomUri, StreamUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

/**
 * Why positions were left out: expired, taken away by an operator, gone with a restore, or unread
 * for so long that the stream grew beyond what a server keeps.
 */
export type GapReason = "expired" | "removed" | "restored" | "overflow";

/** What a server sends on a client's socket. The first frame is ready. */
export type ServerFrame =
  | { readonly type: "ready"; readonly incarnation: Bytes }
  /** `entry` holds the octets of an Entry or an InboxEntry. */
  | { readonly type: "entry" | "inboxEntry"; readonly entry: Bytes }
  /** `response` holds the octets of a SubmitMessageResponse or an UpdateRoomResponse. */
  | {
      readonly type: "submitted" | "updated";
      readonly requestId: number;
      readonly response: Bytes;
    }
  | RefusedFrame
  /** All that was stored when the socket opened has been sent. */
  | { readonly type: "caughtUp" }
  /** The positions `from` to `to`, both included, will not come. */
  | {
      readonly type: "gap";
      readonly stream: StreamUri;
      readonly from: number;
      readonly to: number;
      readonly reason: GapReason;
    }
  | { readonly type: "head"; readonly head: SignedHead }
  /** The server takes nothing more of this room from its hub, which contradicts itself. */
  | { readonly type: "stopped"; readonly room: RoomUri };

export type RefusedFrame = {
  readonly type: "refused";
  /** 0 if no request is refused but the connection or a frame without id. */
  readonly requestId: number;
  /** A refusal code; a newer server may know more than we do. */
  readonly code: string;
  readonly detail: string;
  readonly retryAfterMs: number | undefined;
  readonly currentEpoch: number | undefined;
};

const TYPES = {
  ready: 16,
  entry: 17,
  inboxEntry: 18,
  submitted: 19,
  updated: 20,
  refused: 21,
  caughtUp: 22,
  gap: 23,
  head: 24,
  stopped: 25,
} as const;

const codeCodec = utf8({ max: LIMITS.nameBytesMax });
const detailCodec = utf8({ max: LIMITS.descriptionBytesMax });
const retryCodec = optional(u32);
const epochCodec = optional(u64);
const reasonCodec: Codec<GapReason> = enumeration({
  expired: 1,
  removed: 2,
  restored: 3,
  overflow: 4,
});

/** Written by hand, for every message passes here; the first octet is the type. */
export const serverFrameCodec: Codec<ServerFrame> = codec(writeFrame, readFrame);

const knownTypes: ReadonlySet<number> = new Set(Object.values(TYPES));

/** Whether a frame is of a type that this client knows; it passes over those of newer servers (FED-410). */
export function isKnownServerFrame(frame: Uint8Array): boolean {
  const [type = 0] = frame;
  return knownTypes.has(type);
}

/** The frame of an entry of a room stream: one copy of its octets behind the type. */
export function frameEntry(entry: Uint8Array): Bytes {
  return framed(TYPES.entry, entry);
}

/** The frame of an entry of an inbox. */
export function frameInboxEntry(entry: Uint8Array): Bytes {
  return framed(TYPES.inboxEntry, entry);
}

function framed(type: number, content: Uint8Array): Bytes {
  const frame = new Uint8Array(content.length + 1);
  frame[0] = type;
  frame.set(content, 1);
  return frame;
}

function writeFrame(writer: Writer, frame: ServerFrame): void {
  writer.u8(TYPES[frame.type]);
  switch (frame.type) {
    case "ready":
      incarnationCodec.write(writer, frame.incarnation);
      return;
    case "entry":
    case "inboxEntry":
      if (frame.entry.length === 0) throw new RangeError("a frame without entry");
      writer.raw(frame.entry);
      return;
    case "submitted":
    case "updated":
      writer.u32(frame.requestId);
      writer.opaque(frame.response);
      return;
    case "refused":
      writer.u32(frame.requestId);
      codeCodec.write(writer, frame.code);
      detailCodec.write(writer, frame.detail);
      retryCodec.write(writer, frame.retryAfterMs);
      epochCodec.write(writer, frame.currentEpoch);
      return;
    case "caughtUp":
      return;
    case "gap":
      streamUriCodec.write(writer, frame.stream);
      writer.u64(frame.from);
      writer.u64(frame.to);
      reasonCodec.write(writer, frame.reason);
      return;
    case "head":
      signedHeadCodec.write(writer, frame.head);
      return;
    case "stopped":
      writer.ascii(frame.room);
  }
}

function readFrame(reader: Reader): ServerFrame {
  const type = reader.u8();
  switch (type) {
    case TYPES.ready:
      return { type: "ready", incarnation: incarnationCodec.read(reader) };
    case TYPES.entry:
      return { type: "entry", entry: readRest(reader) };
    case TYPES.inboxEntry:
      return { type: "inboxEntry", entry: readRest(reader) };
    case TYPES.submitted:
      return { type: "submitted", ...readResponse(reader) };
    case TYPES.updated:
      return { type: "updated", ...readResponse(reader) };
    case TYPES.refused:
      return readRefused(reader);
    case TYPES.caughtUp:
      return { type: "caughtUp" };
    case TYPES.gap:
      return {
        type: "gap",
        stream: streamUriCodec.read(reader),
        from: reader.u64(),
        to: reader.u64(),
        reason: reasonCodec.read(reader),
      };
    case TYPES.head:
      return { type: "head", head: signedHeadCodec.read(reader) };
    case TYPES.stopped:
      return { type: "stopped", room: parseRoomUri(reader.ascii(LIMITS.uriBytesMax)) };
    default:
      throw malformed("an unknown type of frame");
  }
}

function readRest(reader: Reader): Bytes {
  const length = reader.remaining;
  if (length === 0 || length > LIMITS.entryBytesMax) throw malformed("an entry of this length");
  return reader.raw(length);
}

function readResponse(reader: Reader): { requestId: number; response: Bytes } {
  return { requestId: reader.u32(), response: reader.opaque(LIMITS.frameBytesMax) };
}

function readRefused(reader: Reader): RefusedFrame {
  return {
    type: "refused",
    requestId: reader.u32(),
    code: codeCodec.read(reader),
    detail: detailCodec.read(reader),
    retryAfterMs: retryCodec.read(reader),
    currentEpoch: epochCodec.read(reader),
  };
}
