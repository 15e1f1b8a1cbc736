import { expect, test } from "vitest";

import type { Conversation, SdkError } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { startServers } from "../world/servers.ts";
import { agreed, heard, joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

test("FED-1131 FED-1134 FED-1136 a room goes on with another group, and everybody comes along", async () => {
  await using servers = await startServers("one.test", "two.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await using carol = await servers.at(0).register("carol");
  let dave = await servers.at(1).register("dave");
  await befriend(alice, bob);
  await befriend(bob, dave);
  const tea = await alice.conversations.create({
    name: "Tea",
    members: ["bob@two.test", "carol@one.test"],
  });
  const bobs = await joinedBy(bob, tea.id);
  const carols = await joinedBy(carol, tea.id);
  await tea.setRole(["bob@two.test"], "owner");
  await until(bob, async () =>
    (await bobs.members()).some((one) => one.role === "owner" && one.address === "bob@two.test"),
  );
  await bobs.add(["dave@two.test"]);
  const daves = await joinedBy(dave, tea.id);
  await daves.send("before");
  for (const client of [alice, bob, carol]) await reads(client, tea.id, "before");
  await dave.close();
  await expect(carols.reset()).rejects.toMatchObject({ code: "ownersMissing" });

  const told = [alice, bob, carol].map((client) => next(client, "reset"));
  await bobs.reset({ reason: "a fresh start" });
  for (const reset of await Promise.all(told)) {
    expect(reset).toMatchObject({
      room: tea.id,
      generation: 1,
      reason: "reset",
      by: ["bob@two.test"],
    });
  }
  await tea.send("again");
  for (const client of [bob, carol]) await reads(client, tea.id, "again");
  dave = await servers.at(1).open("dave");
  const gaps = heard(dave, "gap");
  await reads(dave, tea.id, "again");
  expect(gaps).toEqual([]);
  const davesAgain = await dave.conversations.get(tea.id);
  await davesAgain.send("all here");
  for (const client of [alice, bob, carol]) await reads(client, tea.id, "all here");
  const infos = await agreed([
    [alice, tea],
    [bob, bobs],
    [carol, carols],
    [dave, davesAgain],
  ]);
  for (const info of infos) {
    expect(info).toMatchObject({ name: "Tea", status: "joined", health: { state: "ok" } });
    const owners = info.members
      .filter(({ role }) => role === "owner")
      .map(({ address }) => address);
    expect(owners).toEqual(["alice@one.test", "bob@two.test"]);
  }
  expect(await textsIn(carols)).toEqual(["before", "again", "all here"]);
  await dave.close();
});

test("T-15 FED-1137 FED-1138 a room goes on where its hub is gone, and that steps down when it is back", async () => {
  await using servers = await startServers("one.test", "two.test", "three.test");
  await using alice = await servers.at(0).register("alice");
  await using bob = await servers.at(1).register("bob");
  await using carol = await servers.at(2).register("carol");
  await using dora = await servers.at(2).register("dora");
  for (const other of [bob, carol, dora]) await befriend(alice, other);
  for (const other of [carol, dora]) await befriend(bob, other);
  const tea = await alice.conversations.create({
    name: "Tea",
    members: ["bob@two.test", "carol@three.test", "dora@three.test"],
  });
  const seats = [
    await joinedBy(bob, tea.id),
    await joinedBy(carol, tea.id),
    await joinedBy(dora, tea.id),
  ] as const;
  const [bobs, carols, doras] = seats;
  await tea.setRole(["bob@two.test", "carol@three.test"], "owner");
  await doras.send("before");
  for (const client of [alice, bob, carol]) await reads(client, tea.id, "before");
  await expect(bobs.replaceServer("two.test")).rejects.toMatchObject({ code: "notAllowed" });

  // Only the hub is there: what it takes now, nobody else has seen when it is given up.
  for (const index of [1, 2]) await servers.at(index).stop();
  await tea.rename("Mine");
  await tea.send("only here");
  await servers.at(0).stop();
  const online = [bob, carol, dora].map((one) =>
    next(one, "state", ({ state }) => state === "live"),
  );
  for (const index of [1, 2]) await servers.at(index).start();
  await Promise.all(online);
  // The servers have tried one another while they were away, and wait a moment before they try again.
  const asked = (seat: Conversation) =>
    seat.replaceServer("two.test").catch(({ code }: SdkError) => code);
  const patient = { timeout: 20_000 };
  await expect.poll(() => asked(doras), patient).toBe("ownersMissing");
  const pending = { done: false, agreed: ["bob@two.test"], needed: 2 };
  await expect.poll(() => asked(bobs), patient).toMatchObject(pending);
  const told = [bob, carol, dora].map((client) => next(client, "reset"));
  await expect.poll(() => asked(carols), patient).toMatchObject({ done: true, needed: 2 });
  for (const reset of await Promise.all(told)) {
    expect(reset).toMatchObject({ generation: 1, reason: "hubGone", server: "two.test" });
  }
  await doras.send("without the first");
  for (const client of [bob, carol]) await reads(client, tea.id, "without the first");

  const returned = next(alice, "reset");
  await servers.at(0).start();
  expect(await returned).toMatchObject({ server: "two.test", reason: "hubGone" });
  for (const client of [bob, carol, dora]) await reads(client, tea.id, "only here");
  await bobs.send("all here");
  await reads(alice, tea.id, "all here");
  const infos = await agreed([
    [alice, tea],
    [bob, bobs],
    [carol, carols],
    [dora, doras],
  ]);
  for (const info of infos) {
    expect(info).toMatchObject({ name: "Tea", server: "two.test", health: { state: "ok" } });
    const owners = info.members
      .filter(({ role }) => role === "owner")
      .map(({ address }) => address);
    expect(owners.toSorted()).toEqual(["alice@one.test", "bob@two.test", "carol@three.test"]);
  }
});
