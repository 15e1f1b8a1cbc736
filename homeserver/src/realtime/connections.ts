import type { ClientUri, Env } from "@treehouse/protocol";
import { closeConnection } from "./close.ts";
import type { CloseCode } from "./close.ts";
import type { Connection } from "./connection.ts";
import type { LiveStreams } from "./live-streams.ts";

/** All open sockets, and which of them is a client's own: the newest. */
export interface Connections {
  readonly all: ReadonlySet<Connection>;
  of(client: ClientUri): Connection | undefined;
  /** Takes in a new socket; the client's former one is closed. */
  add(connection: Connection): void;
  /** Sends nothing more to a socket and closes it. Idempotent. */
  end(connection: Connection, code: CloseCode): void;
  /** The socket is gone. */
  remove(connection: Connection): void;
  /** Closes all with a code, waits for them to go, and cuts off those that do not. */
  endAll(code: CloseCode): Promise<void>;
}

const graceMs = 2_000;

export function createConnections(
  env: Pick<Env, "timer" | "metrics">,
  live: LiveStreams,
  replaced: CloseCode,
): Connections {
  const all = new Set<Connection>();
  const newest = new Map<ClientUri, Connection>();
  const gauge = env.metrics.gauge("treehouse_realtime_connections", "Open WebSockets.");
  let lastGone: (() => void) | undefined;

  function letGo(connection: Connection): void {
    connection.closed = true;
    connection.wake?.();
    live.leaveAll(connection);
    connection.backlog = undefined;
    connection.reader?.detach();
    connection.reader = undefined;
    const { client } = connection.session;
    if (newest.get(client) === connection) newest.delete(client);
  }

  function end(connection: Connection, code: CloseCode): void {
    closeConnection(connection, code);
    letGo(connection);
  }

  return {
    all,
    of: (client) => newest.get(client),
    add(connection) {
      const { client } = connection.session;
      const former = newest.get(client);
      if (former !== undefined) end(former, replaced);
      newest.set(client, connection);
      all.add(connection);
      gauge.set(all.size);
    },
    end,
    remove(connection) {
      letGo(connection);
      all.delete(connection);
      gauge.set(all.size);
      if (all.size === 0) lastGone?.();
    },
    async endAll(code) {
      if (all.size === 0) return;
      const gone = new Promise<void>((resolve) => {
        lastGone = resolve;
      });
      for (const connection of all) end(connection, code);
      const cancel = env.timer(graceMs, () => {
        for (const connection of all) connection.webSocket.terminate();
      });
      await gone;
      cancel();
    },
  };
}
