import { afterAll, beforeAll, expect, test } from "vitest";

import { type Client, SdkError } from "../../src/node.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { joinedBy, next } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let dora: Client;

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
  alice = await servers.at(0).register("alice");
  dora = await servers.at(0).register("dora");
  bob = await servers.at(1).register("bob");
});

afterAll(async () => {
  for (const client of [alice, bob, dora]) await client.close();
  await servers[Symbol.asyncDispose]();
});

/** What a refusal says, but for the name that was asked for. */
async function refused(run: () => Promise<unknown>): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    if (error instanceof SdkError) return [error.code, error.message];
    throw error;
  }
  throw new Error("it was not refused");
}

test("R-030 R-036 who wants to be found by acquaintances alone is to others as if not there", async () => {
  expect(await dora.privacy.get()).toEqual({
    findable: "everybody",
    requests: "everybody",
    adding: "ownServer",
  });
  expect(await dora.privacy.set({ findable: "known" })).toMatchObject({ findable: "known" });
  await bob.privacy.set({ findable: "known" });
  for (const [there, not] of [
    ["dora@one.test", "nobody@one.test"],
    ["bob@two.test", "nobody@two.test"],
  ] as const) {
    const acts = (address: string): readonly (() => Promise<unknown>)[] => [
      () => alice.contacts.find(address),
      () => alice.conversations.dm(address),
      () => alice.conversations.create({ members: [address] }),
    ];
    const hidden = await Promise.all(acts(there).map(refused));
    const unknown = await Promise.all(acts(not).map(refused));
    expect(hidden).toEqual(unknown);
    expect(hidden[0]).toEqual(["unknownUser", expect.any(String)]);
  }
  expect(await refused(() => alice.contacts.request("dora@one.test"))).toEqual(
    await refused(() => alice.contacts.request("nobody@one.test")),
  );
  // To a user elsewhere a request always goes out; nothing of it is shown there.
  await alice.contacts.request("bob@two.test");
  await dora.contacts.request("bob@two.test");
  await bob.contacts.request("dora@one.test");
  await dora.caughtUp();
  const seen = await bob.contacts.list();
  expect(seen.map(({ address }) => address)).toEqual(["dora@one.test"]);
});

test("R-036 whoever shares a room, was asked or let in finds who is hidden from others", async () => {
  const room = await dora.conversations.create({ name: "Tea", members: ["alice@one.test"] });
  await joinedBy(alice, room.id);
  expect((await alice.contacts.find("dora@one.test")).address).toBe("dora@one.test");
  const asked = next(alice, "contact", ({ address }) => address === "bob@two.test");
  await bob.contacts.request("alice@one.test");
  await asked;
  expect((await alice.contacts.find("bob@two.test")).address).toBe("bob@two.test");
});

test("R-036 who wants no requests sees none but answers, and who wants to be asked is not added unasked", async () => {
  await using erin = await servers.at(0).register("erin");
  await using frank = await servers.at(0).register("frank");
  await erin.privacy.set({ requests: "nobody", adding: "nobody" });
  expect((await frank.contacts.request("erin@one.test")).state).toBe("requested");
  await erin.caughtUp();
  expect(await erin.contacts.list()).toEqual([]);
  expect(
    await refused(() => frank.conversations.create({ name: "x", members: ["erin@one.test"] })),
  ).toEqual(["noConsent", expect.any(String)]);
  const answered = next(frank, "contact", ({ state }) => state === "mutual");
  await erin.contacts.request("frank@one.test");
  await answered;
  const room = await frank.conversations.create({ name: "y", members: ["erin@one.test"] });
  await joinedBy(erin, room.id);
});
