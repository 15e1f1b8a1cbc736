import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
  await household.json("group", "create", "Tea");
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);
const bobs = (...args: string[]) => household.json("--context", "bob", ...args);
const wrong = async (...args: string[]): Promise<unknown> =>
  JSON.parse((await household.treehouse([...args, "--json"])).err).error.code;

test("R-072 who knocks is listed, admitted or declined", async () => {
  await json("group", "create", "Porch");
  const { address } = z
    .object({ address: z.string() })
    .parse(await json("group", "link", "address", "Porch"));
  expect(await bobs("group", "knock", address)).toEqual({ state: "waiting" });
  expect(await json("group", "knocks", "Porch")).toMatchObject({
    knocks: [{ address: "bob@localhost", identity: "unknown" }],
  });
  const shown = await household.treehouse(["group", "knocks", "Porch"]);
  expect(shown.out).toMatch(/^bob@localhost {2}20/);
  await json("group", "decline", "Porch", "bob@localhost");
  expect(await json("group", "knocks", "Porch")).toEqual({ knocks: [] });
  expect(await bobs("group", "knock", address, "--withdraw")).toEqual({ state: "withdrawn" });
  expect(await wrong("group", "admit", "Porch", "bob@localhost")).toBe("notFound");
  await json("group", "create", "Hall");
  const hall = z
    .object({ address: z.string() })
    .parse(await json("group", "link", "address", "Hall")).address;
  await bobs("group", "knock", hall);
  expect(await json("group", "admit", "Hall", "bob@localhost")).toEqual({
    address: "bob@localhost",
  });
  expect(await bobs("group", "knock", hall)).toEqual({ state: "joined" });
  expect(await bobs("group", "info", "Hall")).toMatchObject({ name: "Hall", status: "joined" });
});

const listSchema = z.object({ links: z.array(z.looseObject({ id: z.string() })) });

test("R-072 a link is made, listed, used and revoked", async () => {
  const options = ["--expires", "12h", "--uses", "1", "--role", "admin"];
  const made = await household.treehouse(["group", "link", "create", "Tea", ...options]);
  const link = made.out.trim();
  expect(link).toMatch(/^treehouse:join#localhost\/\S+$/);
  const { links } = listSchema.parse(await json("group", "link", "ls", "Tea"));
  expect(links).toMatchObject([
    { link, role: "admin", createdBy: "alice@localhost", uses: 0, usesLeft: 1 },
  ]);
  expect(await bobs("group", "join", link)).toMatchObject({ name: "Tea", members: 2 });
  expect(await bobs("group", "link", "ls", "Tea")).toMatchObject({
    links: [{ link: null, usesMax: 1, uses: 1, usesLeft: 0 }],
  });
  const listed = await household.treehouse(["group", "link", "ls", "Tea"]);
  expect(listed.out).toMatch(/admin {2}by alice@localhost {2}until \S+ {2}1 used, 0 left/);
  const id = links[0]?.id ?? "";
  expect(await json("group", "link", "revoke", "Tea", "--", id)).toEqual({ revoked: id });
  expect(await json("group", "link", "ls", "Tea")).toEqual({ links: [] });
  await bobs("group", "leave", "Tea");
  // Whoever writes completes the leaving.
  await json("send", "Tea", "goodbye");
  expect(await wrong("--context", "bob", "group", "join", link)).toBe("linkInvalid");
  expect(await json("group", "link", "address", "Tea")).toEqual({
    address: expect.stringMatching(/^treehouse:join#/),
  });
  expect(await wrong("--context", "bob", "group", "join", link.slice(0, -4))).toBe("malformed");
  expect(await wrong("group", "link", "create", "Tea", "--expires", "soon")).toBe("badDuration");
  expect(await wrong("group", "link", "create", "Tea", "--uses", "none")).toBe("badNumber");
  await json("group", "link", "create", "Tea", "--expires", "never");
  expect(await json("group", "link", "ls", "Tea")).toMatchObject({ links: [{ expiresAt: null }] });
});
