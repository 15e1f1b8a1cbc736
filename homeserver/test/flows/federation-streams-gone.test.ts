import { LIMITS, parseDomain, Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { Island } from "../federation/island.ts";
import { north, south, TwoIslands, west } from "../federation/two-islands.ts";

const east = parseDomain("east.example");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

test("FED-943 entries that are gone when their turn comes are left out, and the others arrive", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, world, channel, room } = islands;
  channel.cut(north, south);
  islands.say(6);
  await world.settle();
  await hub.tell(south, "kept for the operator");
  await world.advance(10 * 60_000);
  await hub.transaction((tx) => hub.tables.expire(tx, room, 4));
  follower.behaviour.gaps = true;
  channel.mend();
  await world.advance(30_000);
  expect((await islands.received()).map(({ position }) => position)).toEqual([5, 6]);
  expect(await follower.read((tx) => follower.tables.notes(tx))).toEqual(["kept for the operator"]);
  expect(islands.counted("items_dropped", { reason: "expired" })).toBe(4);
});

test("FED-943 entries that are gone behind a batch that fails take nothing else with them", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, world, channel } = islands;
  channel.cut(north, south);
  islands.say(LIMITS.batchItemsMax - 1);
  await world.settle();
  await world.until(hub.tell(south, "asked in time"));
  const other = islands.newRoom();
  islands.say(8, "gone", other);
  islands.say(3, "young");
  await world.settle();
  hub.kill();
  await hub.transaction((tx) => hub.tables.expire(tx, other, 8));
  let refused = 0;
  follower.behaviour.intercept = ({ body }) => {
    if (body.length < 1_000 || refused > 0) return;
    refused += 1;
    throw new Refusal("unavailable", "not just now");
  };
  channel.mend();
  await hub.start();
  await world.advance(60_000);
  expect(refused).toBe(1);
  expect(await islands.expectLevel()).toBe(LIMITS.batchItemsMax + 2);
  expect(await follower.read((tx) => follower.tables.notes(tx))).toEqual(["asked in time"]);
  expect(await islands.received(other)).toEqual([]);
  expect(await islands.rows()).toBe(0);
});

test("FED-943 entries that a slow peer needs are held, and nothing but entries is given up", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, world, room } = islands;
  const other = islands.newRoom();
  islands.say(1, "in time", other);
  await world.advance(5_000);
  follower.kill();
  islands.say(3);
  await world.settle();
  await world.until(hub.tell(south, "asked long ago"));
  await islands.sleep(40 * HOUR);
  await world.until(hub.federation.tend());
  expect(hub.federation.floors()).toEqual(new Map());
  islands.say(2, "young", other);
  await world.advance(1_000);
  // A life of the server knows it from its start on.
  await islands.sleep(8 * HOUR);
  expect(hub.federation.floors()).toEqual(new Map([[room, 1]]));

  await islands.sleep(29 * DAY);
  await world.until(hub.federation.tend());
  expect(await islands.rows()).toBe(6);
  await hub.transaction((tx) => hub.tables.expire(tx, room, 3));
  await world.until(hub.federation.tend());
  expect(await islands.rows()).toBe(3);
  await world.advance(60_000);
  await follower.start();
  await world.advance(120_000);
  expect(await islands.received()).toEqual([]);
  expect((await islands.received(other)).length).toBe(3);
  expect(await follower.read((tx) => follower.tables.notes(tx))).toEqual(["asked long ago"]);
  expect(await hub.federation.dead(south)).toEqual([]);
  expect(await islands.rows()).toBe(0);
  await world.until(hub.federation.tend());
  expect(hub.federation.floors()).toEqual(new Map());
});

test("FED-943 rooms of which much is gone do not slow down the others", async () => {
  await using islands = await TwoIslands.open();
  const { hub, world, channel } = islands;
  const other = islands.newRoom();
  channel.cut(north, south);
  for (let round = 1; round <= 200; round += 1) {
    islands.say(1);
    islands.say(1, "gone", other);
  }
  await world.settle();
  hub.kill();
  await hub.transaction((tx) => hub.tables.expire(tx, other, 200));
  channel.mend();
  const [before] = await hub.read((tx) => hub.tables.incarnations(tx));
  await hub.start();
  const { requests } = channel;
  await world.advance(5_000);
  expect(await islands.expectLevel()).toBe(200);
  expect(channel.requests - requests).toBeLessThan(8);
  expect(await hub.read((tx) => hub.tables.incarnations(tx))).toEqual([before]);
  expect(islands.counted("items_dropped", { reason: "expired" })).toBe(200);
});

test("H-10 FED-943 of too many items for one peer the oldest entries are given up, and nothing else", async () => {
  await using islands = await TwoIslands.open();
  const { hub, world, channel, room } = islands;
  channel.cut(north, south);
  await world.until(hub.tell(south, "asked first"));
  islands.say(1);
  await world.settle();
  hub.kill();
  await hub.transaction((tx) => hub.tables.fillOutbox(tx, LIMITS.outboxItemsPerPeerMax + 8));
  await hub.start();
  await world.settle();
  await world.until(hub.federation.tend());
  expect(await islands.rows()).toBe(LIMITS.outboxItemsPerPeerMax + 1);
  await islands.sleep(1_000);
  expect(hub.federation.status()).toMatchObject([{ backlog: LIMITS.outboxItemsPerPeerMax + 8 }]);
  expect(await hub.read((tx) => hub.tables.entry(tx, room, 1))).toBeDefined();
});

test("H-10 FED-947 a server that nobody ever reaches is forgotten after 30 days", async () => {
  await using islands = await TwoIslands.open();
  const { hub, follower, world, channel } = islands;
  islands.say(1);
  await world.advance(5_000);
  follower.kill();
  islands.say(1, "waits");
  await world.until(hub.tell(west, "is anybody there?"));
  await world.until(hub.tell(east, "may I?"));
  const strict = await Island.open(world, channel, east);
  strict.behaviour.intercept = () => {
    throw new Refusal("peerDenied", "not here");
  };
  await islands.sleep(31 * DAY - 60_000);
  await strict.start();
  await world.advance(60_000);
  const domains = () => hub.federation.status().map(({ domain }) => domain);
  expect(domains()).toEqual([east, south, west]);
  await world.until(hub.federation.tend());
  expect(domains()).toEqual([east, south]);
  expect(islands.counted("items_dropped", { reason: "unreached" })).toBe(1);
  expect(await islands.rows()).toBe(2);
  await strict.close();
  // It may come into being later.
  const born = await Island.open(world, channel, west);
  await born.start();
  await world.until(hub.tell(west, "and now?"));
  await world.advance(5_000);
  expect(await born.read((tx) => born.tables.notes(tx))).toEqual(["and now?"]);
  await born.close();
});

test("H-10 only so many servers are looked for that nobody has ever reached", async () => {
  await using islands = await TwoIslands.open();
  const { hub, world } = islands;
  await world.until(hub.tell(south, "hello"));
  await world.advance(5_000);
  hub.kill();
  await hub.transaction((tx) => hub.tables.fillPeers(tx, LIMITS.unreachedPeersMax));
  await hub.start();
  await world.settle();
  await expect(world.until(hub.tell(west, "one more"))).rejects.toMatchObject({
    code: "limitExceeded",
    data: { limitName: "unreachedPeersMax", limit: LIMITS.unreachedPeersMax },
  });
  await world.until(hub.tell(south, "whom one knows"));
});
