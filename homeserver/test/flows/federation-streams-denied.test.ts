import { Refusal } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { south, TwoIslands, west } from "../federation/two-islands.ts";

const MINUTE = 60_000;

test("FED-947 a denied stream pauses with its rows, and goes on when the rules change", async () => {
  await using islands = await TwoIslands.open();
  islands.hub.denied.add(south);
  islands.say(3);
  await islands.world.advance(10_000);
  expect(islands.channel.requests).toBe(0);
  expect(islands.hub.federation.status()).toMatchObject([
    { state: "paused", backlog: 3, lastFault: "peerDenied" },
  ]);
  // What a user asks for is refused at once instead.
  for (const operation of ["request", "grant"] as const) {
    const refused = { code: "peerDenied" };
    await expect(islands.hub.tell(south, "hello", operation)).rejects.toMatchObject(refused);
  }
  islands.hub.denied.clear();
  islands.hub.policyChanged();
  await islands.world.advance(1_000);
  expect((await islands.received()).length).toBe(3);
});

test("FED-917 FED-934 leave is taken back from a denied server, and a changed key is no user's affair", async () => {
  await using islands = await TwoIslands.open();
  const { hub, follower, world } = islands;
  const heard = () => follower.read((tx) => follower.tables.notes(tx));
  hub.denied.add(south);
  await hub.tell(south, "revoked", "revoke");
  await hub.tell(south, "cancelled", "cancel");
  await world.advance(10_000);
  expect(await heard()).toEqual([]);
  hub.denied.clear();
  hub.policyChanged();
  await world.advance(1_000);
  expect(await heard()).toEqual(["revoked", "cancelled"]);
  hub.frozen.add(south);
  await hub.tell(south, "asked", "request");
  await world.advance(10_000);
  hub.frozen.clear();
  await world.advance(MINUTE);
  expect(await heard()).toEqual(["revoked", "cancelled", "asked"]);
});

test("FED-947 a peer that denies us is asked again about once a minute", async () => {
  await using islands = await TwoIslands.open();
  islands.follower.behaviour.intercept = () => {
    throw new Refusal("peerDenied", "not here");
  };
  islands.say(3);
  await islands.world.advance(10 * MINUTE);
  expect(islands.channel.requests).toBeGreaterThanOrEqual(9);
  expect(islands.channel.requests).toBeLessThanOrEqual(15);
  islands.follower.behaviour.intercept = undefined;
  expect(islands.hub.federation.retry(south)).toBe(true);
  expect(islands.hub.federation.retry(west)).toBe(false);
  await islands.world.advance(1_000);
  expect((await islands.received()).length).toBe(3);
});
