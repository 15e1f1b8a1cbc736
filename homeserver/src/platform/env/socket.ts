import { LIMITS } from "@treehouse/protocol";
import type { SocketEvents, SocketHandle } from "@treehouse/protocol";
import { WebSocket } from "ws";

const handshakeTimeoutMs = 10_000;
const unsupportedData = 1003;

/** A WebSocket client; see `nodeFetch` for what it may be pointed at. */
export function nodeSocket(url: string, events: SocketEvents): SocketHandle {
  const socket = new WebSocket(url, {
    handshakeTimeout: handshakeTimeoutMs,
    maxPayload: LIMITS.frameBytesMax,
    perMessageDeflate: false,
    followRedirects: false,
  });
  socket.binaryType = "arraybuffer";
  socket.on("open", () => events.opened());
  socket.on("message", (data, isBinary) => {
    if (isBinary && data instanceof ArrayBuffer) events.message(new Uint8Array(data));
    else socket.close(unsupportedData, "Only binary messages are understood.");
  });
  // Every failure is followed by "close", which is what the caller hears of.
  socket.on("error", () => {});
  socket.on("close", (code, reason) => events.closed(code, reason.toString("utf8")));
  return {
    send: (bytes) => socket.send(bytes),
    get bufferedBytes() {
      return socket.bufferedAmount;
    },
    close: (code = 1000, reason = "") => socket.close(code, reason),
  };
}
