import type { Bytes } from "../bytes/index.ts";
import { codec, malformed, readVersion, varintLength, Writer } from "../codec/index.ts";
import type { Codec, Reader } from "../codec/index.ts";
import { parseRoomUri } from "../identifiers/index.ts";
import type { RoomUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";
import { acknowledgementCodec } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";

/** Version in a hello. */
export const STREAM_VERSION = 1;

type Submission = {
  /** Chosen by the client; not 0, which the server uses for refusals of no request. */
  readonly requestId: number;
  readonly room: RoomUri;
  /** Octets of a SubmitMessageRequest or an UpdateRequest. */
  readonly request: Bytes;
};

/** What a client sends on its socket. The first frame is a hello. */
export type ClientFrame =
  | {
      readonly type: "hello";
      /** The server's incarnation that the cursors belong to; `undefined` at the first contact. */
      readonly incarnation: Bytes | undefined;
      readonly cursors: readonly Cursor[];
    }
  | (Submission & { readonly type: "submit" | "update" })
  | { readonly type: "acknowledge"; readonly cursors: readonly Cursor[] };

const TYPES = { hello: 1, submit: 2, update: 3, acknowledge: 4 } as const;
const NONE = new Uint8Array(0);

/** Written by hand, for every message passes here; the first octet is the type. */
export const clientFrameCodec: Codec<ClientFrame> = {
  ...codec(writeFrame, readFrame),
  encode(frame) {
    const writer = new Writer(sizeOf(frame));
    writeFrame(writer, frame);
    return writer.finish();
  },
};

function writeFrame(writer: Writer, frame: ClientFrame): void {
  writer.u8(TYPES[frame.type]);
  switch (frame.type) {
    case "hello":
      writer.u8(STREAM_VERSION);
      if (frame.incarnation !== undefined && frame.incarnation.length !== 16) {
        throw new RangeError("an incarnation has 16 octets");
      }
      writer.opaque(frame.incarnation ?? NONE);
      acknowledgementCodec.write(writer, frame.cursors);
      return;
    case "submit":
    case "update":
      if (frame.request.length > LIMITS.requestBodyBytesMax) throw new RangeError("too long");
      if (frame.requestId === 0) throw new RangeError("request 0 is the connection itself");
      writer.u32(frame.requestId);
      writer.ascii(frame.room);
      writer.opaque(frame.request);
      return;
    case "acknowledge":
      acknowledgementCodec.write(writer, frame.cursors);
  }
}

function readFrame(reader: Reader): ClientFrame {
  const type = reader.u8();
  switch (type) {
    case TYPES.hello: {
      readVersion(reader, STREAM_VERSION);
      const incarnation = reader.opaque(16);
      if (incarnation.length % 16 !== 0) throw malformed("an incarnation of odd length");
      const cursors = acknowledgementCodec.read(reader);
      return {
        type: "hello",
        incarnation: incarnation.length === 0 ? undefined : incarnation,
        cursors,
      };
    }
    case TYPES.submit:
    case TYPES.update:
      return {
        type: type === TYPES.submit ? "submit" : "update",
        requestId: readRequestId(reader),
        room: parseRoomUri(reader.ascii(LIMITS.uriBytesMax)),
        request: reader.opaque(LIMITS.requestBodyBytesMax),
      };
    case TYPES.acknowledge:
      return { type: "acknowledge", cursors: acknowledgementCodec.read(reader) };
    default:
      throw malformed("an unknown type of frame");
  }
}

/** FED-413: 0 stands for the connection itself, in what the server refuses. */
function readRequestId(reader: Reader): number {
  const requestId = reader.u32();
  if (requestId === 0) throw malformed("a request without id");
  return requestId;
}

function sizeOf(frame: ClientFrame): number {
  if (frame.type === "hello" || frame.type === "acknowledge") return 32 + 96 * frame.cursors.length;
  const { room, request } = frame;
  return (
    5 + varintLength(room.length) + room.length + varintLength(request.length) + request.length
  );
}
