import type { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { LIMITS, MEDIA_TYPE_PROBLEM, problemOf, Refusal } from "@treehouse/protocol";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import type { Session, UpgradeHandler } from "../platform/index.ts";
import type { Tickets } from "./tickets.ts";

export interface UpgradeOptions {
  readonly tickets: Tickets;
  /** False while the server stops. */
  readonly accepts: () => boolean;
  readonly opened: (webSocket: WebSocket, socket: Duplex, session: Session) => void;
}

/**
 * Opens sockets for those who bring a ticket. Messages are not compressed: ciphertext does not
 * shrink, and finished messages are written to the socket itself.
 */
export function createUpgradeHandler({ tickets, accepts, opened }: UpgradeOptions): UpgradeHandler {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: LIMITS.frameBytesMax,
  });
  return (incoming, socket, head) => {
    if (!accepts()) {
      refuseUpgrade(socket, new Refusal("unavailable", "The server is stopping."));
      return;
    }
    const session = tickets.redeem(ticketOf(incoming));
    if (session === undefined) {
      refuseUpgrade(socket, new Refusal("ticketInvalid", "The ticket is unknown, used or old."));
      return;
    }
    server.handleUpgrade(incoming, socket, head, (webSocket) => {
      // Waiting for more to send together is done here, once per turn; the kernel must not, too.
      if (socket instanceof Socket) socket.setNoDelay(true);
      opened(webSocket, socket, session);
    });
  };
}

function ticketOf(incoming: IncomingMessage): string {
  const url = incoming.url ?? "";
  const mark = url.indexOf("?");
  return new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)).get("ticket") ?? "";
}

/** Answers like every other route (RFC 9457), on a connection that is no HTTP exchange any more. */
function refuseUpgrade(socket: Duplex, refusal: Refusal): void {
  const problem = problemOf(refusal);
  const body = JSON.stringify(problem);
  socket.on("error", () => socket.destroy());
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${problem.title}`,
      "connection: close",
      "cache-control: no-store",
      `content-type: ${MEDIA_TYPE_PROBLEM}`,
      `content-length: ${Buffer.byteLength(body)}`,
      "",
      body,
    ].join("\r\n"),
  );
}
