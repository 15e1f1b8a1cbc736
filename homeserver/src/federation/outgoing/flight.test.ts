import { LIMITS } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createWorld } from "../../../../packages/testkit/src/index.ts";
import { Flight } from "./flight.ts";

function start() {
  const world = createWorld(1);
  const woken: number[] = [];
  const flight = new Flight(world.env("a"), () => woken.push(world.now()));
  return { world, flight, woken };
}

test("FED-944 a second batch waits for a peer that answers soon", async () => {
  const { world, flight, woken } = start();
  expect(flight.admits(1)).toBe(true);
  flight.left(1);
  expect(flight.admits(1)).toBe(false);
  await world.advance(5);
  flight.ended();
  expect(flight.admits(1)).toBe(true);
  await world.advance(1_000);
  expect(woken).toEqual([]);
});

test("FED-944 a second batch leaves while a far peer has the first, and no third", async () => {
  const { world, flight, woken } = start();
  flight.left(1);
  expect([flight.admits(1), flight.admits(2)]).toEqual([false, false]);
  await world.advance(50);
  expect(woken).toHaveLength(1);
  expect(flight.admits(2)).toBe(true);
  flight.left(1);
  await world.advance(50);
  expect(flight.admits(LIMITS.batchItemsMax)).toBe(false);
  expect(flight.count).toBe(2);
});

test("a full batch waits for nobody, and nothing is left of a flight that is closed", async () => {
  const { world, flight, woken } = start();
  flight.left(1);
  expect(flight.admits(LIMITS.batchItemsMax - 1)).toBe(false);
  expect(flight.admits(LIMITS.batchItemsMax)).toBe(true);
  flight.close();
  await world.advance(1_000);
  expect(woken).toEqual([]);
});

test("behind a large batch the next one gathers, for a moment and until enough wait", async () => {
  const { world, flight, woken } = start();
  flight.left(100);
  await world.advance(4);
  flight.ended();
  expect([flight.admits(1), flight.admits(127)]).toEqual([false, false]);
  expect(flight.admits(128)).toBe(true);
  await world.advance(15);
  expect(woken).toEqual([]);
  await world.advance(2);
  expect(woken).toHaveLength(1);
  expect(flight.admits(1)).toBe(true);
});

test("behind a small batch, and when nothing was sent for a while, nobody waits for company", async () => {
  const { world, flight, woken } = start();
  flight.left(23);
  flight.ended();
  expect(flight.admits(1)).toBe(true);
  flight.left(100);
  flight.ended();
  await world.advance(20);
  expect(flight.admits(1)).toBe(true);
  await world.advance(1_000);
  expect(woken).toEqual([]);
});

test("a batch that leaves before its time leaves no timer behind", async () => {
  const { world, flight, woken } = start();
  flight.left(100);
  flight.ended();
  expect(flight.admits(1)).toBe(false);
  flight.left(128);
  flight.ended();
  await world.advance(1_000);
  expect(woken).toEqual([]);
});
