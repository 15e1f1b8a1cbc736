import { afterAll, beforeAll, expect, test } from "vitest";

import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);
const bob = "bob@localhost";

test("R-063 R-069 R-075 R-077 roles are given and defined, people banned and silenced", async () => {
  await json("group", "create", "News", "--kind", "announcement", "--add", bob);
  expect(await json("group", "policy", "News")).toMatchObject({
    template: "announcement",
    ownRole: "owner",
    maxUsers: null,
  });
  expect(
    await json("group", "role", "set", "News", "speaker", bob, "--reason", "he knows"),
  ).toMatchObject({
    roles: expect.arrayContaining([expect.objectContaining({ name: "speaker", holders: 1 })]),
  });
  const define = [
    "group",
    "role",
    "define",
    "News",
    "guide",
    "--like",
    "speaker",
    "--above",
    "speaker",
  ];
  await json(...define, "--description", "shows around", "--allow", "pinMessage", "--at-most", "2");
  const guide = {
    name: "guide",
    description: "shows around",
    atMost: 2,
    capabilities: expect.arrayContaining(["pinMessage", "sendMessage"]),
  };
  expect(await json("group", "role", "default", "News", "guide")).toMatchObject({
    defaultRole: "guide",
    roles: expect.arrayContaining([expect.objectContaining(guide)]),
  });
  await json("group", "role", "default", "News", "member", "--reason", "as before");
  await json(
    "group",
    "role",
    "define",
    "News",
    "guide",
    "--deny",
    "pinMessage",
    "--at-most",
    "any",
  );
  expect(await json("group", "role", "rm", "News", "guide")).not.toMatchObject({
    roles: expect.arrayContaining([expect.objectContaining({ name: "guide" })]),
  });
  const bounds = [
    "group",
    "policy",
    "News",
    "--max-users",
    "9",
    "--max-clients",
    "20",
    "--clients",
    "one",
  ];
  expect(await json(...bounds)).toMatchObject({
    maxUsers: 9,
    maxClients: 20,
    severalClients: false,
  });
  expect(await json("group", "policy", "News", "--max-users", "none")).toMatchObject({
    maxUsers: null,
  });
  expect(
    await json("group", "silence", "News", bob, "--for", "8h", "--reason", "too loud"),
  ).toMatchObject({
    silenced: [{ address: bob, until: expect.any(Number) }],
  });
  expect(await json("group", "silence", "News", bob, "--remove")).toMatchObject({ silenced: [] });
  expect(await json("group", "ban", "News", bob, "--reason", "spam")).toMatchObject({
    banned: [{ address: bob }],
  });
  expect(await json("group", "ban", "News", bob, "--remove")).toMatchObject({ banned: [] });
  const reasons = ["he knows", "as before", "too loud", "spam"];
  expect(await json("group", "audit", "News")).toMatchObject({
    items: expect.arrayContaining(reasons.map((reason) => expect.objectContaining({ reason }))),
  });
});

test("what cannot be agreed says why", async () => {
  await json("group", "create", "Club");
  const wrong = async (...args: string[]) =>
    JSON.parse((await household.treehouse([...args, "--json"])).err).error.code;
  expect(await wrong("group", "role", "set", "Club", "king", bob)).toBe("notFound");
  expect(await wrong("group", "role", "define", "Club", "member", "--allow", "fly")).toBe(
    "malformed",
  );
  expect(await wrong("group", "role", "rm", "Club", "owner")).toBe("malformed");
  expect(await wrong("group", "ban", "Club", "alice@localhost")).toBe("notAllowed");
  expect(await wrong("group", "policy", "Club", "--max-users", "0")).toBe("badNumber");
  expect(await wrong("group", "policy", "Club", "--rules", "2")).toBe("versionUnsupported");
  expect(await wrong("group", "silence", "Club", bob, "--for", "soon")).toBe("malformed");
});
