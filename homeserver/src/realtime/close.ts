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

export type CloseCode = (typeof closeCodes)[keyof typeof closeCodes];

/** For people who look at the wire; programs go by the code. */
const reasons: Readonly<Record<CloseCode, string>> = {
  [closeCodes.goingAway]: "connect again",
  [closeCodes.protocolError]: "not understood",
  [closeCodes.unsupportedData]: "only binary messages",
  [closeCodes.policy]: "no hello came",
  [closeCodes.internal]: "the server failed",
  [closeCodes.replaced]: "the client connected again",
  [closeCodes.sessionEnded]: "the session has ended",
};

/** Sends nothing more but the close frame. What was gathered for the socket is written first. */
export function closeConnection(connection: Connection, code: CloseCode): void {
  if (connection.closed) return;
  connection.closed = true;
  connection.wake?.();
  const { outgoing, socket, webSocket } = connection;
  if (webSocket.readyState === webSocket.OPEN) {
    for (const message of outgoing) socket.write(message);
  }
  connection.outgoing = [];
  webSocket.close(code, reasons[code]);
  // The client's own close frame must be read, whatever was left in the kernel before.
  if (connection.paused !== 0) webSocket.resume();
}
