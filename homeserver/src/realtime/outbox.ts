import { LIMITS } from "@treehouse/protocol";
import type { Env } from "@treehouse/protocol";
import type { Connection } from "./connection.ts";

/** Gathers what is to be sent and gives each socket one write per turn of the event loop. */
export interface Outbox {
  /** Sends a finished message at the end of this turn. The buffer must never change again. */
  send(connection: Connection, message: Buffer): void;
  /** Writes at once what a connection has gathered. */
  flush(connection: Connection): void;
}

export interface OutboxOptions {
  readonly env: Pick<Env, "soon" | "metrics">;
  /** A socket holds more than it may; nothing must be pushed to it until it has drained. */
  readonly onSlow: (connection: Connection) => void;
}

/** Up to here several messages are copied into one buffer; more are handed over one by one. */
const joinedBytesMax = 256 * 1024;
/** A list longer than this is not kept for the next turn: idle connections stay small. */
const keptListMax = 64;

export function createOutbox({ env, onSlow }: OutboxOptions): Outbox {
  const messages = env.metrics.counter(
    "treehouse_realtime_messages_total",
    "Messages written to sockets.",
  );
  const writes = env.metrics.counter(
    "treehouse_realtime_writes_total",
    "Writes to sockets; many messages may share one.",
  );
  let waiting: Connection[] = [];
  /** The last list that was joined: the members of one room mostly get the same one. */
  let joined: { readonly list: readonly Buffer[]; readonly buffer: Buffer } | undefined;

  function write(connection: Connection): void {
    const list = connection.outgoing;
    const { socket, webSocket } = connection;
    if (connection.closed || list.length === 0) return;
    // After a close frame nothing may follow (RFC 6455 §5.5.1).
    if (webSocket.readyState !== webSocket.OPEN) return;
    const [only] = list;
    if (list.length === 1 && only !== undefined) {
      socket.write(only);
    } else if (joined !== undefined && sameList(joined.list, list)) {
      socket.write(joined.buffer);
    } else if (lengthOf(list) <= joinedBytesMax) {
      joined = { list: [...list], buffer: Buffer.concat(list) };
      socket.write(joined.buffer);
    } else {
      socket.cork();
      for (const message of list) socket.write(message);
      socket.uncork();
    }
    messages.add(list.length);
    writes.add();
    if (list.length > keptListMax) connection.outgoing = [];
    else list.length = 0;
    if (socket.writableLength > LIMITS.socketBufferBytesMax) onSlow(connection);
  }

  function flushAll(): void {
    const due = waiting;
    waiting = [];
    for (const connection of due) {
      connection.queued = false;
      write(connection);
    }
    joined = undefined;
  }

  return {
    send(connection, message) {
      if (connection.closed) return;
      connection.outgoing.push(message);
      if (connection.queued) return;
      connection.queued = true;
      waiting.push(connection);
      if (waiting.length === 1) env.soon(flushAll);
    },
    flush(connection) {
      write(connection);
      if (waiting.length === 0) joined = undefined;
    },
  };
}

function sameList(a: readonly Buffer[], b: readonly Buffer[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}

function lengthOf(list: readonly Buffer[]): number {
  let length = 0;
  for (const message of list) length += message.length;
  return length;
}
