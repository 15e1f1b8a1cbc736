import type { Target } from "../target.ts";
import { createPeople, type Person } from "./people.ts";
import { addMembers, foundRoom, type Room } from "./rooms.ts";
import { type FederatedServer, startFederation } from "./servers.ts";
import { claimFrom, type Resident } from "./strangers.ts";
import { connect } from "./target.ts";

/** Homeservers as a target, whose processes can be got at. */
export interface FederatedTarget extends Target {
  readonly servers: readonly FederatedServer[];
}

const domains = ["alpha.example", "beta.example", "gamma.example"];

/**
 * Homeservers on one core, each with one member of each room. The first member, its founder, is at
 * its hub: of every second room that is the second server. Of a third server the third member is.
 */
export async function federatedTarget(rooms: number, members = 2): Promise<FederatedTarget> {
  const servers = await startFederation(domains.slice(0, members));
  const people: (readonly Person[])[] = [];
  for (const { process, domain } of servers) {
    people.push(await createPeople(process, "p", rooms, domain));
  }
  const residentOf = (room: number, member: number): Resident => {
    const index = member < 2 ? (room + member) % 2 : member;
    const [server, person] = [servers[index], people[index]?.[room]];
    if (server === undefined || person === undefined) throw new Error("no such member");
    return { server: server.url, person };
  };
  const made: Room[] = [];
  for (let room = 0; room < rooms; room += 1) {
    const founder = residentOf(room, 0);
    const founded = await foundRoom(founder.server, founder.person);
    const keyPackages = [];
    for (let member = 1; member < members; member += 1) {
      keyPackages.push(await claimFrom(founder, residentOf(room, member), founded.uri));
    }
    await addMembers(founder.server, founder.person, founded, keyPackages);
    made.push(founded);
  }
  const processes = servers.map(({ process }) => process);
  return {
    name: "homeserver",
    echoes: true,
    servers,
    pids: () => processes.map((process) => process.pid()),
    pinned: processes.every(({ pinned }) => pinned),
    connect(room, member, events) {
      const { server, person } = residentOf(room, member);
      const joined = made[room];
      if (joined === undefined) throw new Error("no such room");
      return connect(server, person, joined, member > 0, events);
    },
    async collect() {
      for (const process of processes) await process.ask({ kind: "collect" }, "collected");
    },
    async restart() {
      for (const process of processes) await process.restart();
    },
    async stop() {
      for (const process of processes) process.thaw();
      await Promise.all(processes.map((process) => process.stop()));
    },
  };
}
