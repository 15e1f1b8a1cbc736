/** Clients that are killed in the middle of what they do; `restore-crashes` has those behind a restored server. */
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { killThroughout, type Scene, settle, within } from "../world/kills.ts";
import { openMortal } from "../world/mortal.ts";
import { type RunningServer, password } from "../world/server.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const patience = full ? 1_800_000 : 120_000;

let servers: FederatedServers;
let server: RunningServer;
/** At the server of the room, and at the other one. */
let alice: Client;
let bob: Client;
/** Who is never there. */
const carol = "carol@one.test";
const vera = "vera@one.test";

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
  server = servers.at(0);
  await (await server.register("carol")).close();
  alice = await server.register("alice");
  bob = await servers.at(1).register("bob");
  const victim = await server.register("vera");
  await befriend(victim, bob);
  await victim.close();
}, patience);

afterAll(() => servers[Symbol.asyncDispose]());

/** A room of the victim's, with others in it. */
async function roomOf(...members: readonly Client[]): Promise<string> {
  const victim = await server.open("vera");
  const addresses = [carol, ...members.map(({ me }) => me.address)];
  const { id } = await victim.conversations.create({ name: "tea", members: addresses });
  for (const member of members) await joinedBy(member, id);
  await victim.caughtUp();
  await victim.close();
  return id;
}

const seat = (client: Client, room: string): Promise<Conversation> =>
  client.conversations.get(room);

async function sendOnce(room: Conversation, text: string): Promise<void> {
  if (!(await textsIn(room)).includes(text)) await room.send(text);
}

async function isThere(room: Conversation, address: string): Promise<boolean> {
  return (await room.members()).some((one) => one.address === address);
}

function deathsIn(scene: Scene, witness = alice, victim = "vera"): Promise<number> {
  const ready = async (client: Client, turn: number) => {
    // Servers count for as long as they run how often somebody founds, asks from outside, or hands over.
    for (const one of turn % 8 === 7 ? [server, servers.at(1)] : []) {
      await one.stop();
      await one.start();
    }
    await scene.ready?.(client, turn);
  };
  return killThroughout({ server, victim, witness }, { ...scene, ready });
}

test(
  "R-057 T-14 whoever sends or changes a room may die at any moment: nothing is lost, twice or out of order",
  async () => {
    const room = await roomOf(alice);
    const roleOf = async (theirs: Conversation) =>
      (await theirs.members()).find(({ address }) => address === carol)?.role;
    const roleAt = (turn: number) => (turn % 2 === 0 ? "admin" : "member");
    const scenes = [
      within(
        room,
        alice,
        (mine, turn) => sendOnce(mine, `said ${turn}`),
        async (theirs, turn) => (await textsIn(theirs)).includes(`said ${turn}`),
      ),
      within(
        room,
        alice,
        (mine, turn) => mine.rename(`name ${turn}`),
        async (theirs, turn) => (await theirs.info()).name === `name ${turn}`,
      ),
      within(
        room,
        alice,
        (mine, turn) => mine.setRole([carol], roleAt(turn)),
        async (theirs, turn) => (await roleOf(theirs)) === roleAt(turn),
      ),
      within(
        room,
        alice,
        (mine, turn) => mine.setHistoryDays(turn + 1),
        async (theirs, turn) => (await theirs.historyDays()) === turn + 1,
      ),
      within(
        room,
        alice,
        (mine, turn) => (turn % 2 === 0 ? mine.remove([carol]) : mine.add([carol])),
        async (theirs, turn) => (await isThere(theirs, carol)) === (turn % 2 === 1),
      ),
    ];
    for (const scene of scenes) expect(await deathsIn(scene)).toBeGreaterThan(0);
  },
  patience,
);

test(
  "R-057 whoever founds a room may die at any moment, and there is one room",
  async () => {
    const named = async (client: Client, name: string) =>
      (await client.conversations.list()).find((one) => one.name === name);
    // Whose store gets a room for each moment.
    await (await server.register("vesta")).close();
    const scene: Scene = {
      async act(victim, turn) {
        const name = `new ${turn}`;
        const members = [alice.me.address];
        const known = await named(victim, name);
        if (known === undefined) await victim.conversations.create({ name, members });
      },
      async done(victim, turn) {
        await until(alice, async () => (await named(alice, `new ${turn}`)) !== undefined);
        const all = await victim.conversations.list();
        const rooms = all.filter(({ name }) => name === `new ${turn}`);
        expect(rooms).toHaveLength(1);
        return rooms[0]?.id;
      },
    };
    expect(await deathsIn(scene, alice, "vesta")).toBeGreaterThan(0);
  },
  patience,
);

test(
  "R-057 whoever reads a room may die at any moment and has every message once",
  async () => {
    const hers = await alice.conversations.create({ name: "news", members: [vera] });
    const room = hers.id;
    const said = new Map<number, Promise<void>>();
    const say = async (turn: number): Promise<void> => {
      await hers.send(`one ${turn}`);
      await hers.rename(`tea ${turn}`);
      await hers.send(`two ${turn}`);
    };
    expect(
      await deathsIn({
        isIn: true,
        ready: (victim) => joinedBy(victim, room),
        async act(victim, turn) {
          const saying = said.get(turn) ?? say(turn);
          said.set(turn, saying);
          await saying;
          await reads(victim, room, `two ${turn}`);
        },
        async done(victim, turn) {
          await reads(victim, room, `two ${turn}`);
          return room;
        },
      }),
    ).toBeGreaterThan(0);
  },
  patience,
);

test(
  "R-072 R-019 whoever comes into a room, or goes, may die at any moment and is in, or out, once",
  async () => {
    const room = await alice.conversations.create({ name: "Porch" });
    const { link } = await room.links.create();
    const isIn = async (victim: Client) =>
      (await victim.conversations.list()).some(
        ({ id, status }) => id === room.id && status === "joined",
      );
    const putOut = async (victim: Client) => {
      await room.remove([vera]);
      await until(victim, async () => !(await isIn(victim)));
    };
    const done = async (victim: Client) => {
      await joinedBy(victim, room.id);
      await until(alice, () => isThere(room, vera));
      return room.id;
    };
    expect(
      await deathsIn({
        ready: putOut,
        async act(victim) {
          await room.add([vera]);
          await joinedBy(victim, room.id);
        },
        done,
      }),
    ).toBeGreaterThan(0);
    expect(
      await deathsIn({
        ready: putOut,
        act: async (victim) => (await isIn(victim)) || victim.conversations.join(link),
        done,
      }),
    ).toBeGreaterThan(0);
    // A user knocks twice a day at a room.
    let porch = room;
    expect(
      await deathsIn({
        async ready(victim, turn) {
          porch = await alice.conversations.create({ name: `Porch ${turn}` });
          const knocks = next(alice, "knock");
          await victim.conversations.knock(await porch.links.address());
          await knocks;
        },
        async act(victim) {
          const isWaiting = (await porch.knocks.list()).length > 0;
          if (isWaiting) await porch.knocks.admit(vera);
          const isJoined = await isThere(porch, vera);
          if (!isJoined) await victim.conversations.knock(await porch.links.address());
        },
        async done(victim) {
          await joinedBy(victim, porch.id);
          await until(alice, () => isThere(porch, vera));
          return porch.id;
        },
      }),
    ).toBeGreaterThan(0);
    expect(
      await deathsIn({
        async ready(victim) {
          await room.add([vera]);
          await joinedBy(victim, room.id);
        },
        act: async (victim) => (await isIn(victim)) && (await seat(victim, room.id)).leave(),
        async done() {
          await until(alice, async () => !(await isThere(room, vera)));
          return undefined;
        },
      }),
    ).toBeGreaterThan(0);
  },
  patience,
);

test(
  "R-019 FED-1109 FED-1134 FED-1123 whoever comes in anew, resets a room or hands it over may die at any moment",
  async () => {
    const room = await roomOf(alice, bob);
    // Nobody writes meanwhile: what is on its way when somebody asks to come in anew is a gap to them.
    expect(
      await deathsIn({
        isIn: true,
        act: async (victim) => (await seat(victim, room)).rejoin(),
        done: async () => room,
      }),
    ).toBeGreaterThan(0);
    const domainAt = (turn: number) => (turn % 2 === 0 ? "two.test" : "one.test");
    expect(
      await deathsIn(
        within(
          room,
          bob,
          async (mine, turn) => {
            if ((await mine.info()).server !== domainAt(turn)) await mine.handOver(domainAt(turn));
          },
          async (his, turn) => (await his.info()).server === domainAt(turn),
        ),
        bob,
      ),
    ).toBeGreaterThan(0);
    const resets = async (seen: Conversation) =>
      (await seen.history({ limit: 10_000 })).filter(({ kind }) => kind === "reset").length;
    expect(
      await deathsIn({
        async act(victim, turn) {
          const mine = await seat(victim, room);
          if ((await resets(mine)) <= turn) await mine.reset();
        },
        async done(victim, turn) {
          for (const [client, one] of [
            [alice, await seat(alice, room)],
            [victim, await seat(victim, room)],
          ] as const) {
            await until(client, async () => (await resets(one)) === turn + 1);
          }
          return room;
        },
      }),
    ).toBeGreaterThan(0);
  },
  patience,
);

test("R-020 a registration may die at any moment and is finished with the same store", async () => {
  for (let at = 2; at <= (full ? 60 : 44); at += full ? 1 : 14) {
    const name = `new-${at}`;
    const options = { password, register: {} };
    const doomed = await openMortal(server, name, { ...options, death: at }).catch(() => undefined);
    if (doomed !== undefined) {
      await Promise.race([doomed.client.caughtUp().catch(() => doomed.died), doomed.died]);
      await doomed.end();
    }
    // A registration that was complete is only opened; any other is taken up again.
    const again = await server.open(name, options).catch(() => server.open(name, { password }));
    await again.caughtUp();
    expect((await again.contacts.find(`${name}@one.test`)).clients).toEqual([again.me.client]);
    const room = await again.conversations.create({ name, members: [alice.me.address] });
    await room.send("here I am");
    await again.close();
  }
}, 120_000);

test(
  "R-057 who dies on being removed gives up what was wished before, and nobody waits for ever",
  async () => {
    let died = 0;
    const room = await alice.conversations.create({ name: "out" });
    for (let at = full ? 1 : 12; at <= (full ? 40 : 18); at += full ? 1 : 2) {
      await room.add([vera]);
      const member = await openMortal(server, "vera");
      await joinedBy(member.client, room.id);
      await settle(member);
      await member.end();
      const offline = await openMortal(server, "vera", { offline: true });
      const told = (await seat(offline.client, room.id)).send("never").catch(() => undefined);
      while ((await offline.intents()) === 0) await new Promise(setImmediate);
      await offline.end();
      await told;
      await room.remove([vera]);
      const doomed = await openMortal(server, "vera");
      doomed.arm(at);
      await Promise.race([doomed.client.caughtUp().catch(() => doomed.died), doomed.died]);
      if (await doomed.end()) died += 1;
      const again = await openMortal(server, "vera");
      for (let round = 0; round < 10; round += 1) await again.client.caughtUp();
      expect(await again.intents(), `killed at moment ${at}`).toBe(0);
      await again.end();
    }
    expect(died).toBeGreaterThan(1);
  },
  patience,
);
