import { LIMITS } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createWorld } from "../../../../packages/testkit/src/index.ts";
import { Reach } from "./reach.ts";

function start(seed = 1) {
  const world = createWorld(seed);
  const ready: number[] = [];
  const reach = new Reach(world.env("a"), () => ready.push(world.now()));
  return { world, reach, ready };
}

test("FED-947 waits double from 250 ms to a minute, by chance, and no longer", async () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const { world, reach } = start(seed);
    for (let failure = 1; failure <= 20; failure += 1) {
      reach.failed();
      const most = Math.min(LIMITS.retryMostMs, LIMITS.retryFirstMs * 2 ** (failure - 1));
      expect(reach.waitMs).toBeLessThanOrEqual(most);
      expect(reach.state).toBe("open");
      await world.advance(most);
      expect(reach.state).toBe("halfOpen");
    }
    reach.succeeded();
    expect([reach.state, reach.waitMs, reach.failures]).toEqual(["closed", 0, 0]);
  }
});

test("FED-947 a peer that has only just gone is looked for every few seconds", async () => {
  const { world, reach } = start();
  const waits: number[] = [];
  let near = 0;
  const from = world.now();
  while (world.now() - from < 4 * 3_600_000) {
    reach.failed({ unreached: true });
    waits.push(reach.waitMs);
    await world.advance(Math.max(1, reach.waitMs));
    if (world.now() - from < 2 * 3_600_000) near = waits.length;
  }
  expect(near).toBeGreaterThan(1_000);
  expect(Math.max(...waits.slice(0, near))).toBeLessThanOrEqual(5_000);
  expect(Math.max(...waits)).toBeGreaterThan(30_000);
});

test("FED-947 a peer that denied us and then goes is looked for as often as any other", async () => {
  const { world, reach } = start();
  await world.advance(5 * 3_600_000);
  reach.denied();
  await world.advance(LIMITS.retryMostMs);
  for (let failure = 0; failure < 30; failure += 1) {
    reach.failed({ unreached: true });
    expect(reach.waitMs).toBeLessThanOrEqual(5_000);
  }
});

test("FED-947 a peer that was never reached is looked for once in an hour after a day", async () => {
  const { world, reach } = start();
  const waits: number[] = [];
  while (waits.length < 40) {
    reach.failed({ unreached: true, unknown: true });
    waits.push(reach.waitMs);
    await world.advance(LIMITS.retryUnreachedMs);
  }
  expect(Math.max(...waits.slice(0, 24))).toBeLessThanOrEqual(LIMITS.retryMostMs);
  expect(Math.max(...waits)).toBeGreaterThan(LIMITS.retryUnreachedMs / 2);
  expect(Math.max(...waits)).toBeLessThanOrEqual(LIMITS.retryUnreachedMs);
  reach.encouraged();
  expect(reach.waitMs).toBeLessThanOrEqual(LIMITS.retryFirstMs);
});

test("FED-947 a peer that names a time is obeyed, within reason", () => {
  const { reach } = start();
  reach.failed({ retryAfterMs: 30_000 });
  expect(reach.waitMs).toBe(30_000);
  reach.failed({ retryAfterMs: 3_600_000 });
  expect(reach.waitMs).toBe(LIMITS.retryMostMs);
});

test("FED-947 an inbound contact ends a long wait soon, however often it comes", async () => {
  const { world, reach, ready } = start();
  for (let failure = 0; failure < 12; failure += 1) reach.failed({ retryAfterMs: 60_000 });
  reach.encouraged();
  expect(reach.waitMs).toBeLessThanOrEqual(250);
  for (let contact = 0; contact < 1_000; contact += 1) reach.encouraged();
  expect(ready).toEqual([]);
  await world.advance(250);
  expect(ready).toHaveLength(1);
  reach.encouraged();
  expect(ready).toHaveLength(1);
});

test("FED-947 a peer that denies is paused: asked about once a minute, or once rules change", async () => {
  const { world, reach, ready } = start();
  reach.denied();
  expect(reach.state).toBe("paused");
  await world.advance(40_000);
  expect(ready).toEqual([]);
  reach.retry();
  expect(ready).toHaveLength(1);
  reach.denied();
  await world.advance(60_000);
  expect(ready).toHaveLength(2);
  reach.close();
});
