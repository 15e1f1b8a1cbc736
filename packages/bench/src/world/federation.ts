import type { Target } from "../target.ts";
import { freePort } from "./free-port.ts";
import { createPeople, type Person } from "./people.ts";
import { addMembers, foundRoom, type Room } from "./rooms.ts";
import { type ServerProcess, startServer } from "./server-process.ts";
import { claimFrom, type Resident } from "./strangers.ts";
import { connect } from "./target.ts";

const domains = ["alpha.example", "beta.example"];

/**
 * Two homeservers on one core. The first member of a room, its founder, is at its hub, and the other
 * one at the other server; of every second room the hub is the second server.
 */
export async function federatedTarget(rooms: number): Promise<Target> {
  const ports = [await freePort(), await freePort()];
  const urls = ports.map((port) => `http://127.0.0.1:${port}`);
  const servers: ServerProcess[] = [];
  const people: (readonly Person[])[] = [];
  for (const [index, domain] of domains.entries()) {
    const other = 1 - index;
    const peers = { [domains[other] ?? ""]: urls[other] ?? "" };
    const server = await startServer("world", { domain, port: ports[index] ?? 0, peers });
    servers.push(server);
    people.push(await createPeople(server, "p", rooms, domain));
  }
  const residentOf = (room: number, member: number): Resident => {
    const index = (room + member) % 2;
    const [server, person] = [urls[index], people[index]?.[room]];
    if (server === undefined || person === undefined) throw new Error("no such member");
    return { server, person };
  };
  const made: Room[] = [];
  for (let room = 0; room < rooms; room += 1) {
    const [founder, other] = [residentOf(room, 0), residentOf(room, 1)];
    const founded = await foundRoom(founder.server, founder.person);
    const keyPackage = await claimFrom(founder, other, founded.uri);
    await addMembers(founder.server, founder.person, founded, [keyPackage]);
    made.push(founded);
  }
  return {
    name: "homeserver",
    pids: () => servers.map((server) => server.pid()),
    pinned: servers.every(({ pinned }) => pinned),
    connect(room, member, events) {
      const { server, person } = residentOf(room, member);
      const joined = made[room];
      if (joined === undefined) throw new Error("no such room");
      return connect(server, person, joined, member > 0, events);
    },
    async collect() {
      for (const server of servers) await server.ask({ kind: "collect" }, "collected");
    },
    async restart() {
      for (const server of servers) await server.restart();
    },
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
