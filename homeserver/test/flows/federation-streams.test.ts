import { batchCodec, decodeEntry, LIMITS, RATE_LIMITS, Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { Island } from "../federation/island.ts";
import { south, TwoIslands, west } from "../federation/two-islands.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

test("R-015 FED-940 what is added arrives, in order and once, and its rows go", async () => {
  await using islands = await TwoIslands.open();
  islands.say(20);
  await islands.world.advance(5_000);
  expect(await islands.expectLevel()).toBe(20);
  expect(await islands.rows()).toBe(0);
  expect(islands.counted("items_sent")).toBe(20);
  expect(islands.counted("batches_sent")).toBeLessThan(6);
});

test("R-015 after an hour without the other server 10,000 items come within a minute", async () => {
  await using islands = await TwoIslands.open();
  islands.channel.cut(north(islands), south);
  for (let part = 0; part < 20; part += 1) {
    islands.say(500, `${part}-`);
    await islands.world.advance(3 * MINUTE);
  }
  expect(await islands.received()).toEqual([]);
  expect(islands.hub.federation.status()).toMatchObject([
    {
      domain: south,
      state: expect.stringMatching(/^(open|halfOpen)$/),
      backlog: 10_000,
      lastFault: "timeout",
    },
  ]);
  islands.channel.mend();
  const healed = islands.world.now();
  // An attempt that began in the cut ends when its time is over.
  while ((await islands.received()).length === 0) await islands.world.advance(250);
  const first = islands.world.now() - healed;
  while ((await islands.received()).length < 10_000) await islands.world.advance(250);
  expect(first).toBeLessThanOrEqual(25_000);
  expect(islands.world.now() - healed).toBeLessThanOrEqual(MINUTE);
  await islands.world.advance(5_000);
  expect(await islands.expectLevel()).toBe(10_000);
  expect(await islands.rows()).toBe(0);
});

test("how long items wait is known from the start on, also while nobody answers", async () => {
  await using islands = await TwoIslands.open();
  const { world, hub, channel } = islands;
  channel.cut(north(islands), south);
  const since = Math.floor(world.now() / 1_000) * 1_000;
  islands.say(3);
  await world.advance(1_000);
  await islands.sleep(HOUR);
  expect(hub.federation.status()).toMatchObject([{ waitingSince: since, backlog: 3 }]);
  await world.advance(MINUTE);
  const oldest = hub.metrics.value("treehouse_federation_oldest_item_seconds");
  expect(oldest).toBeGreaterThan(3_600);
});

test("FED-947 a server that comes back is found within five seconds, and by its call at once", async () => {
  await using islands = await TwoIslands.open();
  islands.follower.kill();
  islands.say(5);
  await islands.world.advance(HOUR);
  await islands.follower.start();
  await islands.world.advance(5_000);
  expect((await islands.received()).length).toBe(5);

  islands.follower.kill();
  islands.say(5, "again");
  await islands.world.advance(10 * HOUR);
  await islands.follower.start();
  islands.hub.contact(south);
  await islands.world.advance(300);
  expect((await islands.received()).length).toBe(10);
});

test("FED-946 an item for which a batch is refused is found, and all others arrive", async () => {
  await using islands = await TwoIslands.open();
  islands.follower.behaviour.gaps = true;
  islands.follower.behaviour.repeats = true;
  islands.follower.behaviour.intercept = ({ endpoint, body }) => {
    if (endpoint !== "notify" || !Buffer.from(body).includes("m77!")) return;
    throw new Refusal("malformed", "something in it");
  };
  islands.say(200);
  void islands.hub.say(islands.room, "m77!", [south]);
  islands.say(100, "later");
  await islands.world.advance(MINUTE);
  expect((await islands.received()).length, "nothing is given up in a hurry").toBe(200);
  await islands.world.advance(4 * MINUTE);
  const received = await islands.received();
  const positions = received.map(({ position }) => position);
  expect(positions.slice(0, 200)).toEqual(Array.from({ length: 200 }, (_, at) => at + 1));
  expect(positions.slice(200)).toEqual(Array.from({ length: 100 }, (_, at) => at + 202));
  expect(islands.counted("items_rejected", { code: "malformed" })).toBe(1);
  expect(islands.follower.tombstones).toEqual([201]);
  expect(await islands.hub.federation.dead(south)).toMatchObject([
    { form: "entry", room: islands.room, position: 201, code: "malformed" },
  ]);
  expect(islands.counted("batches_sent")).toBeLessThan(40);
});

test("FED-946 a peer that refuses everything for hours loses nothing by it", async () => {
  await using islands = await TwoIslands.open();
  for (const code of ["malformed", "tooLarge", "unsupportedMediaType", "limitExceeded"] as const) {
    islands.follower.behaviour.intercept = () => {
      throw new Refusal(code, "I like nothing");
    };
    const { requests } = islands.channel;
    islands.say(100, code);
    await islands.world.advance(3 * HOUR);
    expect(islands.channel.requests - requests).toBeLessThan(1_000);
    islands.follower.behaviour.intercept = undefined;
    await islands.world.advance(2 * MINUTE);
    await islands.expectLevel();
  }
  expect(islands.counted("items_rejected")).toBe(0);
  expect((await islands.received()).length).toBe(400);
});

test("R-015 a way on which little passes before it breaks is gone in smaller batches", async () => {
  await using islands = await TwoIslands.open();
  islands.follower.behaviour.intercept = ({ body }) =>
    body.length > 40_000 ? new Promise(() => undefined) : undefined;
  islands.say(2_000);
  await islands.world.advance(5 * MINUTE);
  expect(await islands.expectLevel()).toBe(2_000);
});

test("FED-952 a quiet room has its head while another one catches up for long", async () => {
  await using islands = await TwoIslands.open();
  const { follower, world, channel } = islands;
  const quiet = islands.newRoom();
  channel.cut(north(islands), south);
  islands.say(1, "quiet", quiet);
  islands.say(7_000);
  await world.advance(MINUTE);
  channel.mend();
  channel.weather.delayMs = 500;
  while ((await islands.received(quiet)).length === 0) await world.advance(100);
  await world.advance(4_000);
  expect(await follower.read((tx) => follower.tables.headOf(tx, quiet))).toBe(1);
  expect((await islands.received()).length).toBeLessThan(6_500);
  await world.advance(MINUTE);
  await islands.expectLevel();
});

test("a stream that is closed has let go of the database", async () => {
  await using islands = await TwoIslands.open();
  const { hub, world } = islands;
  let isReading = true;
  let closing: Promise<boolean> | undefined;
  const turn = () => new Promise<void>((resolve) => world.env("test").soon(resolve));
  hub.behaviour.beforeHead = async () => {
    await turn();
    closing ??= hub.federation.close().then(() => isReading);
    for (let count = 0; count < 5; count += 1) await turn();
    isReading = false;
  };
  islands.say(1);
  await world.advance(10);
  expect(await closing).toBe(false);
});

test("H-19 a peer that fails for ever is asked ever less, and others wait no longer for it", async () => {
  await using islands = await TwoIslands.open();
  const { world, channel, hub, room } = islands;
  const hostile = await Island.open(world, channel, west);
  await hostile.start();
  let asked = 0;
  hostile.behaviour.intercept = () => {
    asked += 1;
    throw new Error("always");
  };
  for (let round = 1; round <= 6; round += 1) {
    for (let count = 0; count < 100; count += 1) {
      void hub.say(room, `m${count}`, [south, west]);
      await world.advance(100);
    }
    await world.advance(30);
    expect((await islands.received()).length, "nothing waits").toBe(100 * round);
  }
  expect(asked).toBeLessThan(20);
  await world.advance(5_000);
  await islands.expectLevel();
  expect(hub.federation.status().map(({ domain, backlog }) => [domain, backlog])).toEqual([
    [south, 0],
    [west, 600],
  ]);
  await hostile.close();
});

test("T-41 FED-945 items that cannot be taken are named, replaced and passed", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, room, world } = islands;
  follower.behaviour.gaps = true;
  follower.behaviour.poison.set("m3", () => new TypeError("a bug"));
  follower.behaviour.poison.set("m7", () => new Refusal("invalidMessage", "never"));
  follower.behaviour.refuse.set("m5", "malformed");
  follower.behaviour.refuse.set("m8", "unknownRoom");
  follower.behaviour.refuse.set("m9", "conflict");
  follower.behaviour.repeats = true;
  islands.say(12);
  await world.advance(10_000);
  const received = await islands.received();
  expect(received.map(({ position }) => position)).toEqual([1, 2, 4, 6, 10, 11, 12]);
  const dead = await hub.federation.dead(south);
  expect(dead.map(({ position, code }) => [position, code])).toEqual([
    [9, "conflict"],
    [8, "unknownRoom"],
    [7, "invalidMessage"],
    [5, "malformed"],
    [3, "internal"],
  ]);
  expect(hub.introduced).toEqual([room]);
  // Three tombstones went out, for those that only the entry itself was the matter with.
  expect(follower.tombstones).toEqual([3, 5, 7]);
  expect(await islands.rows()).toBe(0);
  for (const { bytes } of received) expect(decodeEntry(bytes).kind).toBe("application");
});

test("H-10 FED-602 what a peer says beyond its rate waits there, and an item counts once", async () => {
  await using islands = await TwoIslands.open();
  const { follower, hub, world } = islands;
  const { count, perMs } = RATE_LIMITS.consentPerPeer;
  follower.behaviour.gaps = true;
  // Each of these makes its batch be taken in parts, all but one of which come again.
  for (let bad = 1; bad <= 20; bad += 1) {
    follower.behaviour.poison.set(`bad${bad}`, () => new Refusal("invalidMessage", "never"));
    islands.say(1, `bad${bad}`);
    for (let each = 0; each < 9; each += 1) void hub.tell(south, `early ${bad}`);
  }
  for (let each = 180; each < count; each += 1) void hub.tell(south, "in time");
  await world.advance(1_000);
  const notes = async () => (await follower.read((tx) => follower.tables.notes(tx))).length;
  expect(await notes()).toBe(count);
  expect(islands.counted("retries")).toBe(0);
  for (let each = 0; each < 100; each += 1) void hub.tell(south, "too soon");
  await world.advance(1_000);
  expect(await notes()).toBe(count);
  expect(islands.counted("retries", { reason: "rateLimited" })).toBeGreaterThan(0);
  await world.advance(perMs + MINUTE);
  expect(await notes()).toBe(count + 100);
});

test("FED-942 a verdict survives the loss of its answer", async () => {
  await using islands = await TwoIslands.open();
  const { follower, world, channel } = islands;
  follower.behaviour.gaps = true;
  follower.behaviour.repeats = true;
  follower.behaviour.refuse.set("m2", "malformed");
  channel.cut(south, north(islands));
  islands.say(4);
  await world.advance(1_000);
  expect((await islands.received()).length).toBe(3);
  expect(await islands.hub.federation.dead(south)).toEqual([]);
  channel.mend();
  await world.advance(MINUTE);
  expect(await islands.hub.federation.dead(south)).toMatchObject([{ position: 2 }]);
  expect(follower.tombstones).toEqual([2]);
  // The next life of the server hears of it no second time.
  islands.hub.kill();
  await islands.hub.start();
  await world.advance(MINUTE);
  expect(await islands.hub.federation.dead(south)).toHaveLength(1);
});

function north({ hub }: TwoIslands) {
  return hub.domain;
}

test("H-10 FED-935 heads without items count, and a batch has a bounded number of them", async () => {
  await using islands = await TwoIslands.open();
  const { world, channel, follower, room } = islands;
  const incarnation = new Uint8Array(16).fill(7);
  const octets = new Uint8Array(32);
  const head = {
    room,
    generation: 0,
    term: 1,
    position: 0,
    hash: octets,
    epoch: 1,
    treeHash: octets,
  };
  const signed = { head, signature: new Uint8Array(64) };
  const heads = Array.from({ length: LIMITS.batchHeadsMax }, () => signed);
  expect(() => batchCodec.encode({ incarnation, items: [], heads: [...heads, signed] })).toThrow(
    `at most ${LIMITS.batchHeadsMax}`,
  );
  const body = batchCodec.encode({ incarnation, items: [], heads });
  const call = { endpoint: "notify", body, timeoutMs: MINUTE, answerBytesMax: 1_000 } as const;
  const codes: string[] = [];
  const flood = Array.from({ length: 400 }, async () => {
    await channel.post(west, follower.domain, call).catch((error) => {
      if (!(error instanceof Refusal)) throw error;
      codes.push(`${error.code} ${error.data.limitName}`);
    });
  });
  await world.advance(5_000);
  await Promise.all(flood);
  expect(new Set(codes)).toEqual(new Set(["rateLimited headPerPeer"]));
  expect(codes.length).toBeGreaterThan(50);
  // Nobody else waits for it.
  islands.say(3);
  await world.advance(5_000);
  expect(await islands.expectLevel()).toBe(3);
});
