import { afterAll, beforeAll, expect, test } from "vitest";

import { type Client, type Conversation, SdkError } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, heard, next, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;

beforeAll(async () => {
  servers = await startServers("a.example", "b.example");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
});

afterAll(async () => {
  for (const client of [alice, bob]) await client.close();
  await servers[Symbol.asyncDispose]();
});

const aboutOf = async (room: Conversation) => {
  const { name, description, topic } = await room.info();
  return { name, description, topic };
};

/** The smallest PNG: one pixel, with a text chunk that a camera could have written. */
const pixel = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
  ),
  (letter) => letter.charCodeAt(0),
);

test("R-061 FED-1140 FED-1143 what a room says of itself is agreed by all, field by field", async () => {
  const pair = await alice.conversations.dm(bob.me.address);
  const coming = next(bob, "joined");
  await coming;
  const theirs = await bob.conversations.get(pair.id);
  // Both at once: neither takes back what the other one has set.
  await Promise.all([
    pair.setAbout({ topic: "soup" }),
    theirs.setAbout({ description: "What there is to eat." }),
    pair.setAbout({ description: "Food." }),
  ]);
  await Promise.all([alice.caughtUp(), bob.caughtUp()]);
  const agreed = await aboutOf(pair);
  expect(agreed.topic).toBe("soup");
  expect(["What there is to eat.", "Food."]).toContain(agreed.description);
  expect(await aboutOf(theirs)).toEqual(agreed);
  const told = next(bob, "about", ({ changed }) => changed.topic === "");
  await pair.setAbout({ topic: null });
  expect(await told).toEqual({
    room: pair.id,
    by: alice.me.user,
    address: alice.me.address,
    changed: { topic: "" },
  });
});

test("R-060 R-061 a room is renamed and pictured by whoever may, over two servers, and by nobody else", async () => {
  const [room, theirs] = await founded(alice, "Kitchen", [bob]);
  if (room === undefined || theirs === undefined) throw new Error("nobody is there");
  const told = heard(bob, "about");
  await room.rename("Küche");
  await room.setAbout({ picture: pixel });
  await until(bob, async () => (await theirs.info()).picture);
  expect(await aboutOf(theirs)).toEqual({ name: "Küche", description: "", topic: "" });
  expect(told.map(({ changed }) => changed)).toEqual([{ name: "Küche" }, { picture: true }]);
  expect((await theirs.history()).flatMap((item) => ("about" in item ? [item.about] : []))).toEqual(
    [{ name: "Küche" }, { picture: true }],
  );
  const picture = await theirs.picture();
  expect(picture?.mediaType).toBe("image/png");
  await expect(theirs.rename("Bob's")).rejects.toMatchObject({ code: "notAllowed" });
  await expect(room.rename("n".repeat(65))).rejects.toMatchObject({
    code: "limitExceeded",
    data: { limitName: "nameBytesMax" },
  });
  await expect(room.setAbout({ picture: Uint8Array.of(1, 2, 3) })).rejects.toThrow(SdkError);
  // Who comes later is told all of it with the Welcome.
  const carol = await servers.at(0).register("carol");
  await room.add([carol.me.address]);
  await until(carol, async () => (await carol.conversations.list()).length > 0);
  const hers = await carol.conversations.get(room.id);
  expect(await hers.info()).toMatchObject({ name: "Küche", picture: true });
  await room.setAbout({ picture: null });
  await carol.caughtUp();
  expect(await hers.picture()).toBeUndefined();
  await carol.close();
});
