import { parseDomain, userUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createWorld } from "../../../packages/testkit/src/index.ts";
import { Channel } from "../federation/channel.ts";
import { Island } from "../federation/island.ts";

test("FED-917 what a server said of its users before it was denied is not used any more", async () => {
  const world = createWorld(1);
  const channel = new Channel(world);
  const [north, south] = [parseDomain("north.example"), parseDomain("south.example")];
  const one = await Island.open(world, channel, north);
  const other = await Island.open(world, channel, south);
  await one.start();
  await other.start();
  const { users } = one.federation;
  const bob = userUri(south, "bob");
  expect(await world.until(users.find(bob))).toBeUndefined();
  one.denied.add(south);
  await expect(world.until(users.find(bob))).rejects.toMatchObject({ code: "peerDenied" });
  one.denied.delete(south);
  expect(await world.until(users.find(bob))).toBeUndefined();
  await one.close();
  await other.close();
});
