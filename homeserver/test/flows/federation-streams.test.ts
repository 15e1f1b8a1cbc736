import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import { afterEach, expect, test } from "vitest";
import { createWorld } from "../../../packages/testkit/src/index.ts";
import type { World } from "../../../packages/testkit/src/index.ts";
import { Channel } from "../federation/channel.ts";
import { Island } from "../federation/island.ts";

const north = parseDomain("north.example");
const south = parseDomain("south.example");

const opened: Island[] = [];
afterEach(async () => {
  for (const island of opened.splice(0)) await island.close();
});

async function twoIslands(seed = 1) {
  const world = createWorld(seed);
  const channel = new Channel(world);
  const islands = [];
  for (const domain of [north, south]) {
    const island = await Island.open(world, channel, domain);
    opened.push(island);
    await island.start();
    islands.push(island);
  }
  const [one, other] = islands;
  if (one === undefined || other === undefined) throw new Error("no islands");
  return { world, channel, one, other };
}

function roomOf(world: World) {
  return mintRoomUri(north, (length) => world.random("rooms").bytes(length));
}

test("R-015 what is added arrives, in order and once", async () => {
  const { world, one, other } = await twoIslands();
  const room = roomOf(world);
  for (let count = 1; count <= 20; count += 1)
    await world.until(one.say(room, `m${count}`, [south]));
  await world.advance(5_000);
  const [sent, received] = [
    await one.read((tx) => one.tables.log(tx, room)),
    await other.read((tx) => other.tables.received(tx, room)),
  ];
  expect(received).toEqual(sent);
  expect(await other.read((tx) => other.tables.headOf(tx, room))).toBe(20);
  expect(await one.read((tx) => one.tables.outboxRows(tx))).toBe(0);
  expect([...one.wrongs, ...other.wrongs]).toEqual([]);
});
