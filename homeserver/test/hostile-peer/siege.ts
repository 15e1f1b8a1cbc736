import { readFileSync, readdirSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { parseDomain } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import { expect } from "vitest";
import type { Client } from "../../../client-sdk/src/node.ts";
import { befriend } from "../../../client-sdk/test/world/friends.ts";
import { gather, has } from "../federation-e2e/people.ts";
import { startFederatedWorld } from "../federation-e2e/world.ts";
import type { FederatedWorld, WorldWish } from "../federation-e2e/world.ts";
import { contentOf, differences } from "./database-content.ts";

/** What was read of an inbox, or taken by a peer, goes by itself, sooner or later. */
const done: readonly RegExp[] = [
  /^queuing_entries - .*\["bytes","0100/,
  /^federation_(outbox|attached) - /,
];

/** What honest people's messages write, in the lines of `differences`. */
export const honestTraffic: readonly RegExp[] = [
  /^delivery_(heads|requests) /,
  /^federation_(outbox|peers) /,
  /^queuing_entries \+ .*\["bytes","0103/,
];

/** What an attack may cost the attacked server beyond what honest traffic does. */
const bounds = { files: 100, bytes: 96 * 1024 * 1024 };

/**
 * A homeserver in a process of its own, `alpha.example`, that is attacked over real sockets while
 * its user Alice talks to Bob, whose server `beta.example` is honest.
 */
export interface Siege {
  readonly world: FederatedWorld;
  readonly alice: Client;
  readonly bob: Client;
  /** As attackers address it. */
  readonly target: { readonly url: string; readonly domain: Domain; now(): number };
  /**
   * Runs an attack; answers what there is to object: what it has cost beyond the bounds, and the rows
   * of the database that are not as before, but for those that `allowed` names. Fails if honest
   * people cannot talk afterwards, or the server says that it is itself at fault.
   */
  endure(attack: () => Promise<void>, allowed?: readonly RegExp[]): Promise<readonly string[]>;
  /** Messages both ways between the honest ones. */
  pulse(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startSiege(wish: Partial<WorldWish> = {}): Promise<Siege> {
  const world = await startFederatedWorld({ names: ["alpha", "beta"], seed: 1, ...wish });
  const alice = await world.register("alice@alpha.example");
  const bob = await world.register("bob@beta.example");
  await befriend(alice, bob);
  const id = await gather([alice, bob], "besieged");
  const server = world.server("alpha");
  let said = 0;

  async function pulse(): Promise<void> {
    for (const client of [alice, bob]) {
      await (await client.conversations.get(id)).send(`still here ${said}`);
      said += 1;
    }
    await has(alice, id, said);
    await has(bob, id, said);
  }

  await pulse();
  return {
    world,
    alice,
    bob,
    target: { url: server.url, domain: parseDomain("alpha.example"), now: () => Date.now() },
    pulse,
    async endure(attack, allowed = []) {
      const content = await settledContent(server.databasePath);
      const before = costOf(server.pid());
      await attack();
      const after = costOf(server.pid());
      const changes = differences(content, await settledContent(server.databasePath));
      await pulse();
      expect(faultsIn(server.log())).toEqual([]);
      return [
        ...costsBeyond(bounds, before, after),
        ...changes.filter((line) => ![...done, ...allowed].some((pattern) => pattern.test(line))),
      ];
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** What is written late is written when two looks agree. */
async function settledContent(path: string) {
  let content = contentOf(path);
  for (let same = 0; same < 3;) {
    for (let turns = 0; turns < 200; turns += 1) await turn();
    const next = contentOf(path);
    same = differences(content, next).length === 0 ? same + 1 : 0;
    content = next;
  }
  return content;
}

/** Open files and resident memory of a process (Linux). */
export function costOf(pid: number): { readonly files: number; readonly bytes: number } {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return { files: readdirSync(`/proc/${pid}/fd`).length, bytes: Number(kib) * 1024 };
}

type Cost = ReturnType<typeof costOf>;

function costsBeyond(most: Cost, before: Cost, after: Cost): readonly string[] {
  const [files, bytes] = [after.files - before.files, after.bytes - before.bytes];
  return [
    ...(files > most.files ? [`${files} more open files`] : []),
    ...(bytes > most.bytes ? [`${bytes} more octets of memory`] : []),
  ];
}

/** Lines in which the server says that it is itself at fault; alarms about another one are none. */
function faultsIn(log: string): readonly string[] {
  return log
    .split("\n")
    .filter((line) => /"level":(50|60)\b/.test(line))
    .filter((line) => !/"msg":"(streamRewound|roomFrozen)"/.test(line));
}
