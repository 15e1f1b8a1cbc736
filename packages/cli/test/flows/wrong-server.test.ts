import { parseDomain } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Household, openHousehold, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
let other: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
  other = await openHousehold({ domain: parseDomain("other.test") });
  await household.json("group", "create", "Tea");
  await household.json("context", "server", other.url);
});
afterAll(async () => {
  await household[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

test.for([
  "tail",
  "tail --follow",
  "send Tea hello",
  "admin invite ls",
  "account login",
  "--context new account register new@localhost --invite x",
])("%s at a server of another domain names both, and how to set the address", async (line) => {
  const ran = await household.treehouse(line.split(" "), { env: { TREEHOUSE_SERVER: other.url } });
  expect(ran).toMatchObject({ exit: 1, out: "" });
  expect(ran.err).toContain(
    `treehouse: the server at ${other.url} is other.test, not localhost (wrongServer)`,
  );
  expect(ran.err).toContain("context server <url>");
});

test("doctor says no more of another server than that, and all is well once the address is set", async () => {
  const { exit, out } = await household.treehouse(["doctor", "--json"]);
  const { checks } = JSON.parse(out);
  expect([exit, checks]).toEqual([
    11,
    [
      {
        name: "server",
        result: "failed",
        text: `the server at ${other.url} is other.test, not localhost`,
        fix: expect.stringContaining("treehouse context server <url>"),
      },
      expect.objectContaining({ name: "conversations", result: "ok" }),
    ],
  ]);
  const set = await household.json("context", "server", household.url);
  expect(set).toMatchObject({ name: "alice", server: household.url });
  expect((await household.treehouse(["doctor"])).exit).toBe(10);
});
