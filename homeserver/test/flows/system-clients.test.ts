import { parseClientUri, parseRoomUri } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Client } from "../../../client-sdk/src/node.ts";
import { until } from "../../../client-sdk/test/world/waiting.ts";
import { converged, faultsOf, joined, startPeopleWorld, textsOf } from "../hostile/people-world.ts";
import type { PeopleWorld } from "../hostile/people-world.ts";
import { roomLog } from "../hostile/room-log.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const timeout = full ? 900_000 : 120_000;

let world: PeopleWorld;
let alice: Client;
let bob: Client;
let carol: Client;
let dave: Client;

beforeAll(async () => {
  world = await startPeopleWorld();
  alice = await world.register("alice");
  bob = await world.register("bob");
  carol = await world.register("carol");
  dave = await world.register("dave");
}, 60_000);

afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

async function group(members: readonly Client[]): Promise<string> {
  const conversation = await alice.conversations.create({
    name: "house",
    members: members.map(({ me }) => me.address),
  });
  for (const member of members) await joined(member, conversation.id);
  return conversation.id;
}

test(
  "R-019 clients that add, remove, leave and send at once stay together, one commit per epoch",
  { timeout },
  async () => {
    const eve = await world.register("eve");
    const members = [alice, bob, carol, dave];
    const id = await group([bob, carol, dave]);
    // Each round claims a KeyPackage of the same user, which a server allows sixty times an hour.
    const rounds = full ? 30 : 2;
    const said: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const say = async (client: Client): Promise<void> => {
        const text = `${client.me.address} ${round}`;
        said.push(text);
        await (await client.conversations.get(id)).send(text);
      };
      const mine = await alice.conversations.get(id);
      await Promise.all([mine.add([eve.me.address]), ...members.map(say)]);
      await joined(eve, id);
      // Who leaves is removed by whoever commits first; who is removed at the same time, too.
      const goes = round % 2 === 0 ? eve.conversations.get(id).then((c) => c.leave()) : undefined;
      await Promise.all([goes ?? mine.remove([eve.me.address]), ...members.map(say)]);
      await until(alice, async () => (await mine.members()).length === members.length);
    }
    const epoch = await converged(members, id);
    const expected = [...said].sort();
    for (const member of members) {
      await until(member, async () => (await textsOf(member, id)).length >= said.length);
      expect([...(await textsOf(member, id))].sort()).toEqual(expected);
      expect(await faultsOf(member, id)).toEqual([]);
      expect(await textsOf(member, id)).toEqual(await textsOf(alice, id));
    }
    const log = await roomLog(world.homeserver, parseClientUri(alice.me.client), parseRoomUri(id));
    const epochs = log.flatMap((entry) => (entry.kind === "commit" ? [entry.epoch] : []));
    expect(epochs).toEqual(Array.from({ length: epoch }, (_, index) => index));
    expect(log.map(({ position }) => position)).toEqual(log.map((_, index) => index + 1));
  },
);

test(
  "R-008 a client that was away for 50 commits and 200 messages gets all of them in order",
  { timeout },
  async () => {
    const frank = await world.register("frank");
    const [commits, messages] = full ? [100, 2_000] : [50, 200];
    const id = await group([bob, dave]);
    await dave.close();
    const [mine, bobs] = [await alice.conversations.get(id), await bob.conversations.get(id)];
    const perCommit = messages / commits;
    for (let count = 0; count < commits; count += 1) {
      if (count % 2 === 0) await mine.add([frank.me.address]);
      else await mine.remove([frank.me.address]);
      for (let more = 0; more < perCommit; more += 1) {
        const text = `${count}.${more}`;
        await (more % 2 === 0 ? mine : bobs).send(text);
      }
    }
    dave = await world.open("dave");
    await converged([alice, bob, dave], id);
    const expected = Array.from({ length: commits }, (_, count) =>
      Array.from({ length: perCommit }, (__, more) => `${count}.${more}`),
    ).flat();
    expect(await textsOf(dave, id)).toEqual(expected);
    expect(await textsOf(alice, id)).toEqual(expected);
    expect(await faultsOf(dave, id)).toEqual([]);
  },
);
