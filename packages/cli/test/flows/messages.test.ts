import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
  await household.json("group", "create", "Tea", "--add", "bob@localhost");
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);
const bob = (...args: string[]) => household.json("--context", "bob", ...args);
const sentSchema = z.looseObject({ id: z.string(), position: z.int() });
const text = async (...args: string[]) => (await household.treehouse(args)).out;

test("R-051 R-052 R-053 R-054 messages are edited, answered by emojis, and taken back", async () => {
  const sent = await json("send", "Tea", "**teh** cake", "--thread", "sweets", "--markdown");
  const { id } = sentSchema.parse(sent);
  const start = id.slice(0, 12);
  expect(await json("edit", "Tea", start, "the *cake*", "--markdown")).toMatchObject({ id });
  expect(await json("edit", "Tea", start, "the cake")).toMatchObject({ id });
  expect(await bob("react", "Tea", id, "🎂")).toEqual({ id, emoji: "🎂", removed: false });
  expect(await text("--context", "bob", "history", "Tea")).toContain("the cake (edited)  🎂 1");
  const said = await household.treehouse(["--context", "bob", "tail"]);
  expect(JSON.parse(said.out)).toMatchObject({
    text: "the cake",
    format: "plain",
    topic: "sweets",
    mentions: [],
  });
  await bob("react", "Tea", id, "🎂", "--remove");
  await json("delete", "Tea", id);
  await bob("send", "Tea", "gone?");
  expect(await text("--context", "bob", "history", "Tea")).toContain("alice@localhost: (deleted)");
});

test("what cannot be changed says why", async () => {
  const { id } = sentSchema.parse(await json("send", "Tea", "mine"));
  const wrong = async (...args: string[]) =>
    JSON.parse((await household.treehouse(["--context", "bob", ...args, "--json"])).err).error.code;
  expect(await wrong("edit", "Tea", id, "his")).toBe("notAllowed");
  expect(await wrong("delete", "Tea", id)).toBe("notAllowed");
  expect(await wrong("react", "Tea", id, "nice")).toBe("malformed");
  expect(await wrong("react", "Tea", "ffff", "👍")).toBe("notFound");
});

test("R-123 R-124 search finds by words and conditions, page by page, and says what it does not take", async () => {
  for (const said of ["plum cake", "plum jam", "plums in brandy"]) await json("send", "Tea", said);
  await bob("send", "Tea", "plum pudding");
  await household.treehouse(["--context", "bob", "tail"]);
  const hits = z.object({
    hits: z.array(z.looseObject({ text: z.string(), sender: z.string(), cursor: z.string() })),
  });
  const found = async (...args: string[]) => hits.parse(await bob("search", ...args)).hits;
  const texts = async (...args: string[]) => (await found(...args)).map((hit) => hit.text);
  expect(await texts("plum ")).toEqual(["plum pudding", "plum jam", "plum cake"]);
  expect(await texts("plum", "--from", "alice", "--in", "Tea", "--best")).toHaveLength(3);
  const [first] = await found("plum", "--limit", "1");
  expect(await texts("plum", "--limit", "2", "--cursor", first?.cursor ?? "")).toEqual([
    "plums in brandy",
    "plum jam",
  ]);
  const told = await household.treehouse(["--context", "bob", "search", '"plum cake" form:alice']);
  expect(told).toMatchObject({ exit: 1, out: "" });
  expect(told.err).toContain("form:");
  expect(await text("--context", "bob", "search", '"plum jam"')).toContain("plum jam");
});
