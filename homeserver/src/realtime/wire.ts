import { isRoomStream, refusedFrame, serverFrameCodec } from "@treehouse/protocol";
import type { Refusal, ServerFrame, StreamUri } from "@treehouse/protocol";

/**
 * WebSocket messages, finished to the octet (RFC 6455 §5.2: final, binary, not masked). What a
 * server sends is the same for every recipient, so that one buffer serves all sockets and several
 * messages go out in one write.
 */
const finalBinary = 0x82;
const entryType = 17;
const inboxEntryType = 18;

/** The message with an entry of a stream: one copy of its octets. */
export function entryMessage(stream: StreamUri, entry: Uint8Array): Buffer {
  const start = headerLength(entry.length + 1);
  const message = Buffer.allocUnsafe(start + 1 + entry.length);
  writeEntry(message, 0, stream, entry);
  return message;
}

export function entryMessageLength(entry: Uint8Array): number {
  return headerLength(entry.length + 1) + 1 + entry.length;
}

/** Writes such a message into a larger buffer and answers where it ends. */
export function writeEntry(into: Buffer, at: number, stream: StreamUri, entry: Uint8Array): number {
  const start = writeHeader(into, at, entry.length + 1);
  into[start] = isRoomStream(stream) ? entryType : inboxEntryType;
  into.set(entry, start + 1);
  return start + 1 + entry.length;
}

/** The message with any frame. */
export function frameMessage(frame: ServerFrame): Buffer {
  const payload = serverFrameCodec.encode(frame);
  const start = headerLength(payload.length);
  const message = Buffer.allocUnsafe(start + payload.length);
  writeHeader(message, 0, payload.length);
  message.set(payload, start);
  return message;
}

/** The message that refuses a request, or with id 0 the connection or a frame without id. */
export function refusedMessage(requestId: number, refusal: Refusal): Buffer {
  return frameMessage(refusedFrame(requestId, refusal));
}

function headerLength(length: number): number {
  if (length < 126) return 2;
  return length < 0x1_0000 ? 4 : 10;
}

function writeHeader(into: Buffer, at: number, length: number): number {
  into[at] = finalBinary;
  if (length < 126) {
    into[at + 1] = length;
    return at + 2;
  }
  if (length < 0x1_0000) {
    into[at + 1] = 126;
    return into.writeUInt16BE(length, at + 2);
  }
  into[at + 1] = 127;
  into.writeUInt32BE(0, at + 2);
  return into.writeUInt32BE(length, at + 6);
}
