import { LIMITS } from "@treehouse/protocol";
import type { Cancel, Env } from "@treehouse/protocol";
import { closeCodes, closeConnection } from "./close.ts";
import type { Connection } from "./connection.ts";

/** How long a new socket may wait with its hello. */
const helloMs = 10_000;
const sweepMs = 5_000;

/**
 * Finds sockets that are silent, half dead or too old. One timer looks at all of them, since one
 * timer each would cost more than the sockets themselves.
 */
export function startKeepAlive(
  env: Pick<Env, "monotonic" | "timer">,
  connections: Iterable<Connection>,
): Cancel {
  let cancel = env.timer(sweepMs, sweep);

  function sweep(): void {
    const now = env.monotonic();
    for (const connection of connections) look(connection, now);
    cancel = env.timer(sweepMs, sweep);
  }

  function look(connection: Connection, now: number): void {
    if (!connection.greeted && now - connection.openedAt > helloMs) {
      closeConnection(connection, closeCodes.policy);
      return;
    }
    if (now >= connection.renewAt) {
      closeConnection(connection, closeCodes.goingAway);
      return;
    }
    const silence = now - connection.heardAt;
    if (silence < LIMITS.socketPingMs) return;
    if (connection.pinged && silence >= 2 * LIMITS.socketPingMs) {
      connection.webSocket.terminate();
      return;
    }
    if (connection.pinged) return;
    connection.pinged = true;
    connection.webSocket.ping();
  }

  return () => cancel();
}
