import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
let note: string;
beforeAll(async () => {
  household = await openWithAliceAndBob();
  await household.json("group", "create", "Tea", "--add", "bob@localhost");
  note = join(household.home, "note.txt");
  writeFileSync(note, "note");
});
afterAll(() => household[Symbol.asyncDispose]());

/** What people are told, and the exit code. */
async function told(...args: readonly string[]) {
  const { exit, out, err } = await household.treehouse(args);
  expect(out).toBe("");
  return `${exit} ${err}`;
}

test.for([
  ["file get ffff", "no file begins with"],
  ["file get ffff --in Tea", "no message begins with"],
  ["file put /nowhere", "there is no file /nowhere"],
  ["react Tea ffff 👍", "no message begins with"],
  ["edit Tea ffff text", "no message begins with"],
  ["delete Tea ffff", "no message begins with"],
  ["send Tea text --reply ffff", "no message begins with"],
] as const)("%s ends with 8, for there is no such thing", async ([line, text]) => {
  const said = await told(...line.split(" "));
  expect(said).toMatch(/^8 .*\(notFound\)\n/);
  expect(said).toContain(text);
});

test("a folder in the place of a file is told as one, and a name that is none is refused", async () => {
  expect(await told("file", "put", household.home)).toMatch(/^1 .* is a folder.* \(noFile\)\n/);
  expect(await told("group", "create", " ")).toMatch(/^1 .*needs a name \(malformed\)\n/);
});

test("a limit is told by its name and number", async () => {
  const said = await told("send", "Tea", "x".repeat(200_000));
  expect(said).toMatch(/^1 .*\(limitExceeded\)\nThe limit is \w+BytesMax: \d+\.\n$/);
});

test("what nobody does to themselves is told with what there is instead", async () => {
  const { client } = z
    .object({ client: z.string() })
    .parse(await household.json("account", "whoami"));
  const said = await told("client", "revoke", client);
  expect(said).toMatch(/^1 .*\(notAllowed\)\nDo it on another client of yours\./);
});

test("a server that cannot be asked for a person is told by its name", async () => {
  const said = await told("group", "create", "Far", "--add", "x@gamma.test");
  expect(said).toMatch(/^3 treehouse: .*: gamma\.test \(peerUnreachable\)\n/);
});

test("history around something that is neither position nor id says so", async () => {
  expect(await told("history", "Tea", "--around", "zzz")).toMatch(
    /^1 treehouse: "zzz" is neither a position nor the whole id of a message \(malformed\)\n/,
  );
});

test("a file is saved neither to the output nor over what is no file, forced or not", async () => {
  const { id } = z.object({ id: z.string() }).parse(await household.json("file", "put", note));
  expect(await told("file", "get", id, "--out", "-")).toMatch(/^1 .*output \(malformed\)\n/);
  const device = await told("file", "get", id, "--out", "/dev/null", "--force");
  expect(device).toMatch(/^1 .*\/dev\/null is there, and no file \(fileExists\)\n/);
});

test("group ls calls a conversation of two after whom it is with", async () => {
  await household.json("send", "bob@localhost", "hello");
  const { out } = await household.treehouse(["group", "ls"]);
  expect(out).toMatch(/^\S+ {2}joined {2}with bob@localhost$/m);
  expect(out).toMatch(/^\S+ {2}joined {2}Tea$/m);
});

test("the session in use is listed as such", async () => {
  const { out } = await household.treehouse(["account", "sessions", "ls"]);
  expect(out).toMatch(/^\S+ {2}Treehouse CLI {2}in use now {2}\(this one\)$/m);
});

test("group accept says that there is nobody whom nobody vouches for", async () => {
  expect(await household.json("group", "accept", "Tea")).toEqual({
    id: expect.any(String),
    accepted: [],
  });
});
