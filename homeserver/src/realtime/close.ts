import type { Connection } from "./connection.ts";

/** Why the server closes a socket (RFC 6455 §7.4); 4000 and above are this protocol's own. */
export const closeCodes = {
  /** The server stops, or the connection is old: connect again. */
  goingAway: 1001,
  /** What was sent cannot be decoded, or is not allowed at this point. */
  protocolError: 1002,
  unsupportedData: 1003,
  /** No hello came in time. */
  policy: 1008,
  internal: 1011,
  /** The same client has connected again; only its newest socket lives. */
  replaced: 4001,
  /** The session, or the client itself, has ended: log in again. */
  sessionEnded: 4002,
} as const;

type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/** Sends nothing more but the close frame. What was gathered for the socket is written first. */
export function closeConnection(connection: Connection, code: CloseCode, reason: string): void {
  if (connection.closed) return;
  connection.closed = true;
  connection.wake?.();
  const { outgoing, socket, webSocket } = connection;
  if (webSocket.readyState === webSocket.OPEN) {
    for (const message of outgoing) socket.write(message);
  }
  connection.outgoing = [];
  webSocket.close(code, reason);
}
