import type { Target } from "../target.ts";
import { startServer } from "../world/server-process.ts";
import { connectBare } from "./connect.ts";

/** The bare server as a target: rooms are numbers, and nobody needs an account. */
export async function bareTarget(): Promise<Target> {
  const server = await startServer("ceiling");
  return {
    name: "bare",
    echoes: true,
    pids: () => [server.pid()],
    pinned: server.pinned,
    connect: (room, _member, events) => connectBare(server.url(), room, events),
    collect: async () => void (await server.ask({ kind: "collect" }, "collected")),
    restart: () => server.restart(),
    stop: () => server.stop(),
  };
}

/**
 * Two bare servers that federate, on one core. The first member of every second room is at the
 * second server, and the other member at the other one, so that both do the same.
 */
export async function bareFederation(): Promise<Target> {
  const servers = [await startServer("federatedCeiling"), await startServer("federatedCeiling")];
  const meet = async (): Promise<void> => {
    for (const [index, server] of servers.entries()) {
      const other = servers[1 - index];
      if (other === undefined) continue;
      await server.ask({ kind: "peer", url: other.url(), key: other.key() }, "peered");
    }
  };
  await meet();
  return {
    name: "bare",
    echoes: true,
    pids: () => servers.map((server) => server.pid()),
    pinned: servers.every(({ pinned }) => pinned),
    connect(room, member, events) {
      const server = servers[(room + member) % 2];
      if (server === undefined) throw new Error("no such server");
      return connectBare(server.url(), room, events);
    },
    async collect() {
      for (const server of servers) await server.ask({ kind: "collect" }, "collected");
    },
    async restart() {
      for (const server of servers) await server.restart();
      await meet();
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
