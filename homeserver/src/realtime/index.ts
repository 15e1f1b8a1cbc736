/**
 * Realtime holds the clients' sockets, in memory only.
 *
 * It promises: a connected client is given each entry of its streams once per connection, in order,
 * and within the turn of the event loop that committed it; a client that cannot keep up reads from
 * the store again and misses nothing; nothing is sent to a client that may not read it. Losing a
 * socket loses nothing, since only acknowledgements move a client's cursors.
 */
import type { Duplex } from "node:stream";
import { LIMITS, routes as paths } from "@treehouse/protocol";
import type { ClientUri, Env, StreamUri } from "@treehouse/protocol";
import type { WebSocket } from "ws";
import type { Route, Session, UpgradeHandler } from "../platform/index.ts";
import { createCatchUp } from "./catch-up.ts";
import { closeCodes } from "./close.ts";
import { Connection, pause, pauses, resume } from "./connection.ts";
import { createConnections } from "./connections.ts";
import { startKeepAlive } from "./keep-alive.ts";
import { LiveStreams } from "./live-streams.ts";
import { createOutbox } from "./outbox.ts";
import type { Sessions, Stops, Stores, Streams, Submissions } from "./ports.ts";
import { createReceiver } from "./receive.ts";
import { routes } from "./routes.ts";
import { createTickets } from "./tickets.ts";
import { createUpgradeHandler } from "./upgrade.ts";
import { entryMessage, frameMessage } from "./wire.ts";

export { closeCodes } from "./close.ts";
export type { Sessions, Stops, Stores, StreamReader, Streams, Submissions } from "./ports.ts";

export type RealtimeOptions = {
  readonly env: Pick<Env, "now" | "monotonic" | "random" | "timer" | "soon" | "log" | "metrics">;
  readonly streams: Streams;
  readonly submissions: Submissions;
  readonly stops: Stops;
  readonly sessions: Sessions;
  readonly stores: Stores;
};

/** Besides its routes, this is what `queuing` tells of its streams (its `Notifier`). */
export interface Realtime {
  readonly routes: readonly Route[];
  /** By path, for the HTTP server. */
  readonly upgrades: ReadonlyMap<string, UpgradeHandler>;
  appended(stream: StreamUri, position: number, bytes: Uint8Array): void;
  passed(stream: StreamUri, bytes: Uint8Array): void;
  jumped(stream: StreamUri): void;
  subscriptionChanged(client: ClientUri, stream: StreamUri): void;
  clientDeleted(client: ClientUri): void;
  /** Opens nothing more, tells every client to come back later, and waits for them to go. */
  close(): Promise<void>;
}

/** Messages of one turn beyond which a socket gets nothing more that is not kept. */
const waitingMax = 64;

/** Where what is kept goes first: ephemeral entries are the first to be left out. */
function isBusy({ outgoing, socket }: Connection): boolean {
  return outgoing.length >= waitingMax || socket.writableLength > LIMITS.socketEphemeralBytesMax;
}

export function createRealtime(options: RealtimeOptions): Realtime {
  const { env, streams, submissions, stops, sessions, stores } = options;
  const tickets = createTickets(env);
  const live = new LiveStreams();
  const connections = createConnections(env, live, closeCodes.replaced);
  const outbox = createOutbox({ env, onSlow });
  const catchUp = createCatchUp({ env, live, outbox });
  const receive = createReceiver({ env, streams, submissions, stops, catchUp, outbox });
  const stopKeepAlive = startKeepAlive(env, connections.all);
  const leftOut = env.metrics.counter(
    "treehouse_realtime_ephemeral_left_out_total",
    "Ephemeral entries that were not pushed because a socket had enough to do.",
  );
  let closing: Promise<void> | undefined;

  function onSlow(connection: Connection): void {
    catchUp.fallBack(connection);
    // A client that does not read its answers may not ask for more of them either.
    if (!pause(connection, pauses.slow)) return;
    connection.socket.once("drain", () => resume(connection, pauses.slow));
  }

  function opened(webSocket: WebSocket, socket: Duplex, session: Session): void {
    const times = { monotonic: env.monotonic(), now: env.now() };
    const connection = new Connection(webSocket, socket, session, times);
    connections.add(connection);
    webSocket.on("message", (data, isBinary) => {
      if (!isBinary) connections.end(connection, closeCodes.unsupportedData);
      else if (data instanceof Uint8Array) receive(connection, data);
    });
    webSocket.on("pong", () => {
      connection.heardAt = env.monotonic();
      connection.pinged = false;
    });
    // The library ends the socket by itself; without a listener the process would end, too.
    webSocket.on("error", () => webSocket.terminate());
    webSocket.on("close", () => connections.remove(connection));
  }

  function push(stream: StreamUri, position: number, bytes: Uint8Array): void {
    const target = live.get(stream);
    if (target === undefined) return;
    target.position = position;
    const message = entryMessage(stream, bytes);
    for (const connection of target.connections) outbox.send(connection, message);
  }

  function passed(stream: StreamUri, bytes: Uint8Array): void {
    const target = live.get(stream);
    if (target === undefined) return;
    const message = entryMessage(stream, bytes);
    for (const connection of target.connections) {
      if (!isBusy(connection)) outbox.send(connection, message);
      else leftOut.add();
    }
  }

  sessions.onSessionEnded(({ id, client }) => {
    tickets.revoke(id);
    const connection = connections.of(client);
    if (connection?.session.id === id) connections.end(connection, closeCodes.sessionEnded);
  });

  stops.onStopped((room) => {
    const message = frameMessage({ type: "stopped", room });
    for (const connection of connections.all) {
      if (connection.reader?.streams().includes(room) === true) outbox.send(connection, message);
    }
  });

  const accepts = (): boolean => closing === undefined;
  return {
    routes: routes({ env, tickets, stores, connections }),
    upgrades: new Map([[paths.stream, createUpgradeHandler({ tickets, accepts, opened })]]),
    appended: push,
    passed,
    jumped: (stream) => catchUp.reread(stream),
    subscriptionChanged(client, stream) {
      const connection = connections.of(client);
      if (connection !== undefined) catchUp.review(connection, stream);
    },
    clientDeleted(client) {
      const connection = connections.of(client);
      if (connection !== undefined) connections.end(connection, closeCodes.sessionEnded);
    },
    close() {
      stopKeepAlive();
      return (closing ??= connections.endAll(closeCodes.goingAway));
    },
  };
}
