import { afterEach, beforeEach, expect, test } from "vitest";

import { Circle } from "../../test/world/circle.ts";

let circle: Circle;
beforeEach(() => {
  circle = new Circle();
});
afterEach(() => circle[Symbol.asyncDispose]());

test("R-050 typing leaves every three seconds at most, and ends six seconds after the last", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  const room = await circle.meet(false, alice, bob);
  const on = { room, address: alice.address, on: true };
  for (let stroke = 0; stroke < 40; stroke += 1) {
    await alice.presences.typing(room, true);
    await circle.quiet();
    await circle.world.advance(250);
  }
  expect(alice.said.length).toBe(4);
  expect(bob.typing).toEqual([on]);
  await circle.world.advance(6_000);
  expect(bob.typing).toEqual([on, { ...on, on: false }]);
});

test("R-050 typing ends with the message, or when it is ended", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  const room = await circle.meet(false, alice, bob);
  await alice.presences.typing(room, true);
  bob.presences.spoke(room, alice.client);
  expect(bob.typing.map(({ on }) => on)).toEqual([true, false]);
  await circle.world.advance(3_000);
  await alice.presences.typing(room, true);
  await alice.presences.typing(room, false);
  await alice.presences.typing(room, false);
  expect(bob.typing.map(({ on }) => on)).toEqual([true, false, true, false]);
  expect(alice.said).toHaveLength(3);
});

test("R-050 with the setting off no octet about typing leaves", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  const room = await circle.meet(false, alice, bob);
  await alice.store.transaction((tx) => tx.preferences.set({ typing: false }, circle.world.now()));
  await alice.presences.typing(room, true);
  await alice.presences.typing(room, false);
  expect(alice.said).toEqual([]);
  expect(bob.typing).toEqual([]);
});
