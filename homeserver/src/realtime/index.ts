/**
 * Realtime holds the clients' sockets, in memory only.
 *
 * It promises: a connected client is given each entry of its streams once per connection, in order,
 * and within the turn of the event loop that committed it; a client that cannot keep up reads from
 * the store again and misses nothing; nothing is sent to a client that may not read it. Losing a
 * socket loses nothing, since only acknowledgements move a client's cursors.
 */
import type { Duplex } from "node:stream";
import { routes as paths } from "@treehouse/protocol";
import type { ClientUri, Env, StreamUri } from "@treehouse/protocol";
import type { WebSocket } from "ws";
import type { Route, Session, UpgradeHandler } from "../platform/index.ts";
import { createCatchUp } from "./catch-up.ts";
import { closeCodes, closeConnection } from "./close.ts";
import { Connection, pause, pauses, resume } from "./connection.ts";
import { startKeepAlive } from "./keep-alive.ts";
import { LiveStreams } from "./live-streams.ts";
import { createOutbox } from "./outbox.ts";
import type { Sessions, Streams, Submissions } from "./ports.ts";
import { createReceiver } from "./receive.ts";
import { routes } from "./routes.ts";
import { createTickets } from "./tickets.ts";
import { createUpgradeHandler } from "./upgrade.ts";
import { entryMessage } from "./wire.ts";

export { closeCodes } from "./close.ts";
export type { Sessions, StreamReader, Streams, Submissions } from "./ports.ts";

export type RealtimeOptions = {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "soon" | "log" | "metrics">;
  readonly streams: Streams;
  readonly submissions: Submissions;
  readonly sessions: Sessions;
};

/** Besides its routes, this is what `queuing` tells of its streams (its `Notifier`). */
export interface Realtime {
  readonly routes: readonly Route[];
  /** By path, for the HTTP server. */
  readonly upgrades: ReadonlyMap<string, UpgradeHandler>;
  appended(stream: StreamUri, position: number, bytes: Uint8Array): void;
  passed(stream: StreamUri, bytes: Uint8Array): void;
  subscriptionChanged(client: ClientUri, stream: StreamUri): void;
  clientDeleted(client: ClientUri): void;
  /** How many sockets are open. */
  readonly connections: number;
  /** Opens nothing more, tells every client to come back later, and waits for them to go. */
  close(): Promise<void>;
}

const closeGraceMs = 2_000;

export function createRealtime(options: RealtimeOptions): Realtime {
  const { env, streams, submissions, sessions } = options;
  const open = new Set<Connection>();
  const byClient = new Map<ClientUri, Connection>();
  const tickets = createTickets(env);
  const live = new LiveStreams();
  const gauge = env.metrics.gauge("treehouse_realtime_connections", "Open WebSockets.");
  const outbox = createOutbox({
    env,
    onSlow(connection) {
      // A client that does not read its answers may not ask for more of them either.
      pause(connection, pauses.slow);
      connection.socket.once("drain", () => resume(connection, pauses.slow));
      catchUp.fallBack(connection);
    },
  });
  const catchUp = createCatchUp({ env, live, outbox });
  const receive = createReceiver({ env, streams, submissions, catchUp, outbox });
  const stopKeepAlive = startKeepAlive(env, () => open);
  let closing: Promise<void> | undefined;
  let lastGone: (() => void) | undefined;

  function forget(connection: Connection): void {
    connection.closed = true;
    connection.wake?.();
    live.leaveAll(connection);
    connection.backlog = undefined;
    connection.reader?.detach();
    connection.reader = undefined;
    const { client } = connection.session;
    if (byClient.get(client) === connection) byClient.delete(client);
  }

  function end(connection: Connection, code: (typeof closeCodes)[keyof typeof closeCodes]): void {
    closeConnection(connection, code, reasons[code]);
    forget(connection);
  }

  function opened(webSocket: WebSocket, socket: Duplex, session: Session): void {
    const connection = new Connection(webSocket, socket, session, env.monotonic());
    const former = byClient.get(session.client);
    if (former !== undefined) end(former, closeCodes.replaced);
    byClient.set(session.client, connection);
    open.add(connection);
    gauge.set(open.size);
    webSocket.on("message", (data, isBinary) => {
      if (!isBinary) end(connection, closeCodes.unsupportedData);
      else if (data instanceof Uint8Array) receive(connection, data);
    });
    webSocket.on("pong", () => {
      connection.heardAt = env.monotonic();
      connection.pinged = false;
    });
    // The library ends the socket by itself; without a listener the process would end, too.
    webSocket.on("error", () => webSocket.terminate());
    webSocket.on("close", () => {
      forget(connection);
      open.delete(connection);
      gauge.set(open.size);
      if (open.size === 0) lastGone?.();
    });
  }

  sessions.onSessionEnded(({ id, client }) => {
    tickets.revoke(id);
    const connection = byClient.get(client);
    if (connection?.session.id === id) end(connection, closeCodes.sessionEnded);
  });

  function push(stream: StreamUri, position: number | undefined, bytes: Uint8Array): void {
    const target = live.get(stream);
    if (target === undefined) return;
    if (position !== undefined) target.position = position;
    const message = entryMessage(stream, bytes);
    for (const connection of target.connections) outbox.send(connection, message);
  }

  async function close(): Promise<void> {
    stopKeepAlive();
    if (open.size === 0) return;
    const gone = new Promise<void>((resolve) => (lastGone = resolve));
    for (const connection of open) end(connection, closeCodes.goingAway);
    const cancel = env.timer(closeGraceMs, () => {
      for (const connection of open) connection.webSocket.terminate();
    });
    await gone;
    cancel();
  }

  return {
    routes: routes(env, tickets),
    upgrades: new Map([
      [
        paths.stream,
        createUpgradeHandler({ tickets, accepts: () => closing === undefined, opened }),
      ],
    ]),
    appended: push,
    passed: (stream, bytes) => push(stream, undefined, bytes),
    subscriptionChanged(client, stream) {
      const connection = byClient.get(client);
      if (connection !== undefined) catchUp.review(connection, stream);
    },
    clientDeleted(client) {
      const connection = byClient.get(client);
      if (connection !== undefined) end(connection, closeCodes.sessionEnded);
    },
    get connections() {
      return open.size;
    },
    close: () => (closing ??= close()),
  };
}

const reasons = {
  [closeCodes.goingAway]: "the server stops",
  [closeCodes.protocolError]: "not understood",
  [closeCodes.unsupportedData]: "only binary messages",
  [closeCodes.policy]: "not allowed",
  [closeCodes.internal]: "the server failed",
  [closeCodes.replaced]: "connected again",
  [closeCodes.sessionEnded]: "the session has ended",
} as const;
