import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

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
const sentSchema = z.looseObject({ id: z.string(), position: z.int() });
const pageSchema = z.object({
  items: z.array(z.looseObject({ position: z.int(), text: z.string().optional() })),
});
const textsOf = (page: unknown) =>
  pageSchema.parse(page).items.flatMap(({ text }) => (text === undefined ? [] : [text]));

test("R-057 R-058 a conversation is read in pages, exported, and brought to another store", async () => {
  const sent: z.output<typeof sentSchema>[] = [];
  for (const text of ["one", "two", "three", "four", "five"]) {
    sent.push(sentSchema.parse(await json("send", "Tea", text)));
  }
  const at = (index: number) => String(sent[index]?.position);
  expect(textsOf(await json("history", "Tea", "--limit", "2", "--before", at(3)))).toEqual([
    "two",
    "three",
  ]);
  expect(textsOf(await json("history", "Tea", "--limit", "2", "--after", at(0)))).toEqual([
    "two",
    "three",
  ]);
  const id = sent[2]?.id ?? "";
  for (const place of [id, at(2)]) {
    expect(textsOf(await json("history", "Tea", "--limit", "3", "--around", place))).toEqual([
      "two",
      "three",
      "four",
    ]);
  }
  await json("delete", "Tea", sent[1]?.id ?? "");

  const exported = await household.treehouse(["history", "export", "--in", "Tea", "--since", "1d"]);
  const lines = exported.out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ line: "export", format: "treehouse-history", version: 1 });
  expect(lines[1]).toMatchObject({ line: "conversation", name: "Tea" });
  expect(lines.flatMap(({ text }) => text ?? [])).toEqual(["one", "three", "four", "five"]);
  const later = await household.treehouse(["history", "export", "--since", "2100-01-01"]);
  expect(later.out).not.toContain("three");

  const file = join(household.home, "tea.archive");
  expect(await json("history", "export", "--archive", file)).toMatchObject({ file });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file).includes("three")).toBe(false);
  const laptop = (...args: string[]) => json("--context", "laptop", ...args);
  await laptop("init", "alice@localhost");
  await laptop("account", "login");
  const counts = z.looseObject({ added: z.int() }).parse(await laptop("history", "import", file));
  expect(counts.added).toBeGreaterThan(5);
  expect(await laptop("history", "import", file)).toMatchObject({ added: 0, refused: 0 });
  const told = await household.treehouse(["--context", "laptop", "history", "Tea"]);
  expect(told.out).toContain("three (told by alice@localhost)");
  expect(told.out).not.toContain("two");

  // A third one needs no file: the backup at the server has it all.
  await json("history", "backup", "on");
  expect(await json("history", "backup", "now")).toMatchObject({ on: true, segments: 1 });
  expect(await json("history", "backup", "status")).toMatchObject({ waiting: false, missing: 0 });
  const tablet = (...args: string[]) => json("--context", "tablet", ...args);
  await tablet("init", "alice@localhost");
  await tablet("account", "login");
  await tablet("history", "restore");
  expect(textsOf(await tablet("history", "Tea"))).toEqual(
    expect.arrayContaining(["one", "", "three", "four", "five"]),
  );
  expect(await laptop("history", "backup", "off")).toMatchObject({ on: false, segments: 0 });

  const { out } = await household.treehouse(["history", "restore", "--ask", "--timeout", "0.05"]);
  expect(out).toBe("");

  expect(await json("group", "history", "Tea")).toEqual({ days: 0 });
  expect(await json("group", "history", "Tea", "30")).toEqual({ days: 30 });
  expect(await json("group", "history", "Tea", "0")).toEqual({ days: 0 });

  truncateSync(file, statSync(file).size - 100);
  const wrong = async (...args: string[]) => {
    const { exit, err } = await household.treehouse(["history", ...args, "--json"]);
    return [exit, JSON.parse(err).error.code];
  };
  expect(await wrong("import", file)).toEqual([1, "malformed"]);
  writeFileSync(file, "no archive");
  expect(await wrong("import", file)).toEqual([1, "malformed"]);
  expect(await wrong("import", `${file}.none`)).toEqual([8, "notFound"]);
  expect(await wrong("export", "--since", "yesterday")).toEqual([1, "badTime"]);
  expect(await wrong("Tea", "--around", "ab".repeat(32))).toEqual([8, "notFound"]);
});
