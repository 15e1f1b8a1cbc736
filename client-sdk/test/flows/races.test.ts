import { join } from "node:path";

import type { UserUri } from "@treehouse/protocol";
import BetterSqlite3 from "better-sqlite3";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import type { FederatedServers } from "../world/servers.ts";
import { startServers } from "../world/servers.ts";
import { founded, heard, joinedBy, next, until } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const rounds = full ? 100 : 2;
const hookTimeout = full ? 900_000 : 120_000;
/** How many members each server has. */
const domains = { "one.test": full ? 4 : 2, "two.test": full ? 4 : 1, "three.test": full ? 4 : 1 };
const members = Object.values(domains).reduce((sum, count) => sum + count, 0);

/** One member with its conversation, and all commits that it applied. */
type Seat = {
  readonly client: Client;
  readonly room: Conversation;
  readonly applied: readonly { readonly epoch: number; readonly by?: UserUri | undefined }[];
};

let servers: FederatedServers;
let guest: Client;
const clients: Client[] = [];
const seats: Seat[] = [];

beforeAll(async () => {
  servers = await startServers(...Object.keys(domains));
  for (const [at, count] of Object.values(domains).entries()) {
    for (let index = 0; index < count; index += 1) {
      clients.push(await servers.at(at).register(`member${at}${index}`));
    }
  }
  guest = await servers.at(0).register("guest");
  const [founder, ...others] = clients;
  if (founder === undefined) throw new Error("nobody is there");
  for (const other of others.filter(({ me }) => !me.address.endsWith("@one.test"))) {
    await befriend(founder, other);
    await befriend(other, guest);
  }
  const rooms = await founded(founder, "races", others);
  for (const [index, client] of clients.entries()) {
    const room = rooms[index];
    if (room === undefined) throw new Error("somebody is missing");
    seats.push({ client, room, applied: heard(client, "membership") });
  }
  await rooms[0]?.setRole(
    others.map(({ me }) => me.address),
    "admin",
  );
  await allAgree();
}, hookTimeout);

afterAll(async () => {
  for (const client of [...clients, guest]) await client.close();
  await servers[Symbol.asyncDispose]();
}, hookTimeout);

/** Everybody has come to one epoch, the last one, and it is the same one. */
async function allAgree(): Promise<number> {
  for (const { client, room } of seats) {
    await until(client, async () => {
      const infos = await Promise.all(seats.map((seat) => seat.room.info()));
      const last = Math.max(...infos.map(({ epoch }) => epoch));
      return (await room.info()).epoch === last;
    });
  }
  const infos = await Promise.all(seats.map(({ room }) => room.info()));
  const [{ epoch, epochAuthenticator } = { epoch: -1, epochAuthenticator: "" }] = infos;
  for (const info of infos) expect(info).toMatchObject({ epoch, epochAuthenticator });
  return epoch;
}

/** Who committed from this epoch on: each epoch once, and the same for all. */
function winners(from: number, to: number): readonly UserUri[] {
  const [first, ...others] = seats.map(({ applied }) =>
    applied.filter(({ epoch }) => epoch > from && epoch <= to),
  );
  const found = (first ?? []).map(({ epoch, by }) => ({ epoch, by }));
  for (const other of others) expect(other.map(({ epoch, by }) => ({ epoch, by }))).toEqual(found);
  expect(found.map(({ epoch }) => epoch)).toEqual(
    Array.from({ length: to - from }, (_, index) => from + 1 + index),
  );
  return found.flatMap(({ by }) => by ?? []);
}

/** How many entries have come into the client's inbox, also those that retention has taken since. */
function inboxHeadOf({ me }: Client): number | undefined {
  const { directory } = servers.at(0);
  const path = join(directory, "data", "treehouse.sqlite");
  const database = new BetterSqlite3(path, { readonly: true });
  const head = database
    .prepare<[string], number>(
      `SELECT max(pruned_to, coalesce(
         (SELECT max(position) FROM queuing_entries WHERE stream = queuing_streams.id), 0))
       FROM queuing_streams WHERE name = ?`,
    )
    .pluck()
    .get(me.client);
  database.close();
  return head;
}

test(
  `R-003 T-27 ${rounds} rounds of all of ${members} members on three servers committing at once`,
  { timeout: full ? 3_600_000 : 60_000 },
  async () => {
    for (let round = 0; round < rounds; round += 1) {
      const before = await allAgree();
      // Each wants something else of the room's state, so that whoever is late builds upon it all.
      const unwanted = seats.map((_, index) => `unwanted${index}@elsewhere.test`);
      await Promise.all(
        seats.map(({ room }, index) => {
          const [address = ""] = unwanted.slice(index, index + 1);
          return round % 2 === 0 ? room.ban([address]) : room.unban([address]);
        }),
      );
      const after = await allAgree();
      expect(after).toBe(before + seats.length);
      const everybody = clients.map(({ me }) => me.user);
      expect(winners(before, after).toSorted()).toEqual(everybody.toSorted());
      for (const { room } of seats) {
        expect((await room.policy()).banned).toHaveLength(round % 2 === 0 ? seats.length : 0);
      }
    }
  },
);

test("T-26 of all who add somebody at once one does, and no Welcome of the others leaves", async () => {
  const before = await allAgree();
  const known = inboxHeadOf(guest) ?? 0;
  const joined = joinedBy(guest, seats[0]?.room.id ?? "");
  await Promise.all(seats.map(({ room }) => room.add([guest.me.address])));
  await joined;
  const after = await allAgree();
  expect(after).toBe(before + 1);
  expect(winners(before, after)).toHaveLength(1);
  expect(inboxHeadOf(guest)).toBe(known + 1);
});

test("FED-732 of all who may commit a removal the leftmost does, while nobody has to say anything", async () => {
  const before = await allAgree();
  const left = next(guest, "removed");
  await (await guest.conversations.get(seats[0]?.room.id ?? "")).leave();
  await left;
  await until(clients[0] ?? guest, async () => {
    const { epoch } = (await seats[0]?.room.info()) ?? { epoch: 0 };
    return epoch > before;
  });
  const after = await allAgree();
  expect(winners(before, after)).toEqual([clients[0]?.me.user]);
  await Promise.all(seats.map(({ room }, index) => room.send(`after all, ${index}`)));
  expect(await allAgree()).toBe(after);
});
