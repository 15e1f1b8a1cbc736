import { afterAll, beforeAll, expect, test } from "vitest";

import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
  for (const name of ["Tea", "Cake"]) {
    await household.json("group", "create", name, "--add", "bob@localhost");
  }
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);

test("R-125 R-126 R-127 conversations are pinned, archived, muted, labelled, found and put into folders", async () => {
  await json("group", "pin", "Tea");
  expect(await json("group", "pin", "Cake", "--before", "Tea")).toMatchObject({ pinned: 0 });
  expect(await json("group", "pin", "Cake", "--remove")).toMatchObject({ pinned: null });
  expect(await json("group", "archive", "Tea", "--keep")).toMatchObject({ archived: true });
  expect(await json("group", "archive", "Tea", "--remove")).toMatchObject({ archived: false });
  expect(await json("group", "mute", "Tea", "--for", "8h")).toMatchObject({
    muted: expect.any(Number),
  });
  expect(await json("group", "mute", "Tea", "--remove")).toMatchObject({ muted: null });
  expect(await json("group", "unread", "Tea")).toMatchObject({ marked: true });
  await json("group", "tag", "Tea", "hot", "green");
  expect(await json("group", "tag", "Tea", "green", "--remove")).toMatchObject({ labels: ["hot"] });
  expect(await json("group", "info", "Tea")).toMatchObject({ organisation: { labels: ["hot"] } });
  expect(await json("group", "find", "tea", "--limit", "5")).toMatchObject({
    conversations: [{ name: "Tea", by: "name", matched: "Tea" }],
  });
  await json("folder", "create", "Food");
  await json("folder", "create", "Later");
  await json("folder", "change", "Later", "--name", "Sooner", "--before", "Food");
  await json("folder", "add", "Food", "Tea", "Cake");
  await json("folder", "remove", "Food", "Cake");
  const unread = { messages: 0, mentions: 0 };
  expect(await json("folder", "ls")).toMatchObject({
    folders: [
      { name: "Sooner", conversations: [], unread },
      { name: "Food", conversations: [expect.any(String)], unread },
    ],
  });
  expect(await json("folder", "rm", "Sooner")).toEqual({ folder: "Sooner" });
});

test("what cannot be organised says why", async () => {
  const wrong = async (...args: string[]) =>
    JSON.parse((await household.treehouse([...args, "--json"])).err).error.code;
  expect(await wrong("group", "mute", "Tea", "--for", "soon")).toBe("malformed");
  expect(await wrong("group", "pin", "Cake", "--before", "Cake")).toBe("notFound");
  expect(await wrong("folder", "add", "None", "Tea")).toBe("notFound");
  expect(await wrong("group", "tag", "Tea", " ")).toBe("malformed");
});
