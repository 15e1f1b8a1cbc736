import { WebSocket } from "ws";

import type { Peer, PeerEvents } from "../target.ts";

/** A connection to a bare server, in one room. */
export async function connectBare(url: string, room: number, events: PeerEvents): Promise<Peer> {
  const socket = new WebSocket(url.replace("http", "ws"), { perMessageDeflate: false });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const join = Buffer.alloc(4);
  join.writeUInt32BE(room);
  socket.send(join);
  socket.on("message", (data) => {
    if (!Buffer.isBuffer(data)) return;
    if (data[0] === 1) events.accepted(data.readUInt32BE(1));
    else events.delivered(new DataView(data.buffer, data.byteOffset + data.length - 16, 16));
  });
  return {
    send(to, request, payload) {
      const frame = Buffer.allocUnsafe(8 + payload.length);
      frame.writeUInt32BE(to, 0);
      frame.writeUInt32BE(request, 4);
      frame.set(payload, 8);
      socket.send(frame);
    },
    flush: () => undefined,
    close: () => socket.close(),
  };
}
