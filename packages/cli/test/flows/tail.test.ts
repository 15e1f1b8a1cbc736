import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { commandWords } from "../../src/commands/exec.ts";
import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
beforeAll(async () => {
  household = await openWithAliceAndBob();
  await household.json("group", "create", "Tea", "--add", "bob@localhost");
});
afterAll(() => household[Symbol.asyncDispose]());

const json = (...args: string[]) => household.json(...args);
const bob = (...args: string[]) => household.treehouse(["--context", "bob", ...args]);
const lineSchema = z.looseObject({ text: z.string() });
const texts = (out: string) =>
  out
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => lineSchema.parse(JSON.parse(line)).text);

test("R-117 tail --exec runs a program for each message, and a message whose program failed comes again", async () => {
  const script = join(household.home, "bot.mjs");
  const log = join(household.home, "bot.log");
  const failing = join(household.home, "fail");
  // Writes down what it is given, and fails as long as it is told to.
  writeFileSync(
    script,
    `import { appendFileSync, existsSync, readFileSync } from "node:fs";
     const { env, argv } = process;
     const input = JSON.parse(readFileSync(0, "utf8"));
     const secrets = Object.keys(env).filter((name) => name.includes("PASSWORD"));
     const seen = { argv: argv.slice(2), text: env.TREEHOUSE_MESSAGE_TEXT, input, secrets };
     appendFileSync(${JSON.stringify(log)}, JSON.stringify(seen) + "\\n");
     console.log("did", env.TREEHOUSE_MESSAGE_SENDER);
     process.exit(existsSync(${JSON.stringify(failing)}) ? 3 : 0);`,
  );
  const hostile = `$(touch ${join(household.home, "pwned")}) "; rm -rf {} '`;
  const { id } = z.looseObject({ id: z.string() }).parse(await json("send", "Tea", hostile));
  await json("send", "Tea", "second");
  writeFileSync(failing, "");
  const exec = `'${process.execPath}' ${script} --id={} "a b"`;
  const first = await bob("tail", "--exec", exec);
  expect(first).toMatchObject({ exit: 9, out: "did alice@localhost\n" });
  expect(first.err).toContain("execFailed");
  rmSync(failing);
  const second = await bob("tail", "--exec", exec);
  expect(second).toMatchObject({ exit: 0, out: "did alice@localhost\n".repeat(2) });
  const seen = readFileSync(log, "utf8")
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  const given = { argv: [`--id=${id}`, "a b"], text: hostile, secrets: [] };
  expect(seen).toEqual([
    { ...given, input: expect.objectContaining({ id, text: hostile }) },
    { ...given, input: expect.objectContaining({ id, text: hostile }) },
    expect.objectContaining({ text: "second" }),
  ]);
  expect(existsSync(join(household.home, "pwned"))).toBe(false);
  expect((await bob("tail", "--exec", exec)).out).toBe("");
  expect((await bob("tail", "--exec", "/nowhere/at/all")).exit).toBe(0);
  await json("send", "Tea", "third");
  expect((await bob("tail", "--exec", "/nowhere/at/all")).exit).toBe(9);
  expect(texts((await bob("tail")).out)).toEqual(["third"]);
});

test("T-41 tail --exec hands on a message of any content, and cuts what an environment cannot hold", async () => {
  const script = join(household.home, "lengths.mjs");
  writeFileSync(
    script,
    `import { readFileSync } from "node:fs";
     const { TREEHOUSE_MESSAGE_TEXT: text, TREEHOUSE_MESSAGE_CUT: cut } = process.env;
     const input = JSON.parse(readFileSync(0, "utf8")).text;
     console.log(JSON.stringify({ text: Buffer.byteLength(text), cut, end: [...text].at(-1), input: input.length }));`,
  );
  // Each NUL is three octets long in the environment.
  await json("send", "Tea", `x${"\0".repeat(45_000)}`);
  await json("send", "Tea", "🌳".repeat(10_000));
  await json("send", "Tea", "after it");
  const { exit, out } = await bob("tail", "--exec", `'${process.execPath}' ${script}`);
  expect(
    out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { text: 31_999, cut: "TEXT", end: "\ufffd", input: 45_001 },
    { text: 32_000, cut: "TEXT", end: "🌳", input: 20_000 },
    { text: 8, cut: "", end: "t", input: 8 },
  ]);
  expect(exit).toBe(0);
});

test("tail --exec reports a program that the system does not start, and keeps the message", async () => {
  await json("send", "Tea", "kept");
  // An empty name, and an environment beyond what a system takes, are refused before anything is run.
  const run = (program: string, env: Record<string, string>) =>
    household.treehouse(["--context", "bob", "--json", "tail", "--exec", program], { env });
  for (const { exit, err } of [
    await run("''", {}),
    await run("true", { FULL: "x".repeat(4_000_000) }),
  ]) {
    expect(exit).toBe(9);
    expect(JSON.parse(err).error).toMatchObject({ code: "execFailed", id: expect.any(String) });
  }
  expect(texts((await bob("tail")).out)).toEqual(["kept"]);
});

test("tail shows what is wanted: of a type, since a time, of a conversation, or told of by the rules", async () => {
  const { id } = z.looseObject({ id: z.string() }).parse(await json("send", "Tea", "question"));
  await json("send", "Tea", "answer", "--reply", id);
  expect(texts((await bob("tail", "--types", "file,text:reply")).out)).toEqual(["answer"]);
  expect((await bob("tail")).out).toBe("");
  expect(texts((await bob("tail", "Tea", "--since", "1d")).out).slice(-2)).toEqual([
    "question",
    "answer",
  ]);
  await json("send", "Tea", "new");
  // What is shown as of that time is not shown once more as new.
  const since = texts((await bob("tail", "--since", "1d")).out);
  expect(since.filter((text) => text === "new")).toEqual(["new"]);
  expect((await bob("tail")).out).toBe("");
});

test.for([
  ["a full disk", "ENOSPC", 1, "outputFailed"],
  ["a reader that has gone", "EPIPE", 0, ""],
] as const)("what tail cannot write for %s stays new", async ([, code, exit, told]) => {
  await json("send", "Tea", "written");
  await json("send", "Tea", "lost");
  const lost = Object.assign(new Error(code), { code });
  const tail = ["--context", "bob", "tail", "--follow"];
  const ran = await household.treehouse(tail, {
    losesOutput: (text) => (text.includes("lost") ? lost : undefined),
  });
  expect([ran.exit, texts(ran.out)]).toEqual([exit, ["written"]]);
  expect(ran.err).toContain(told);
  expect(texts((await bob("tail")).out)).toEqual(["lost"]);
});

test("R-115 notify shows, changes and tries the rules", async () => {
  const his = (...args: string[]) => household.json("--context", "bob", ...args);
  await his(
    "notify",
    "set",
    "--groups",
    "mentions",
    "--direct",
    "all",
    "--add-keyword",
    "cake",
    "jam",
  );
  const rules = await his(
    "notify",
    "set",
    "--in",
    "Tea",
    "--level",
    "all",
    "--quiet-mentions",
    "on",
    "--remove-keyword",
    "jam",
    "--add-quiet",
    "mon,tue 22:00-07:00 Europe/Rome",
    "--pause",
    "8h",
  );
  expect(rules).toMatchObject({
    groups: "mentions",
    keywords: ["cake"],
    quiet: [{ days: [1, 2], from: "22:00", to: "07:00", timeZone: "Europe/Rome" }],
    quietMentions: true,
    pausedUntil: expect.any(Number),
  });
  expect(await his("notify", "rules")).toEqual(rules);
  await his("notify", "set", "--pause", "0");
  const night = ["--at", "2026-03-10T21:30Z"];
  const tried = (...args: string[]) => his("notify", "test", "Tea", ...args);
  expect(await tried("hello", ...night)).toEqual({ level: "silent", reason: "quietHours" });
  expect(await tried("hello", "--mention", ...night)).toMatchObject({ reason: "mention" });
  expect(await tried("hello", "--from", "bob@localhost")).toMatchObject({ reason: "own" });
  const [quiet] = z
    .looseObject({ quiet: z.array(z.object({ id: z.string() })) })
    .parse(rules).quiet;
  await his(
    "notify",
    "set",
    "--remove-quiet",
    quiet?.id ?? "",
    "--in",
    "Tea",
    "--level",
    "default",
  );
  expect(await tried("hello", ...night)).toEqual({ level: "silent", reason: "mentionsOnly" });
  await json("send", "Tea", "nothing much");
  await json("send", "Tea", "there is cake");
  expect(texts((await bob("tail", "--notify")).out)).toEqual(["there is cake"]);
  const wrong = async (...args: string[]) =>
    JSON.parse((await bob("notify", "set", ...args, "--json")).err).error.code;
  expect(await wrong("--groups", "loud")).toBe("malformed");
  expect(await wrong("--add-quiet", "some 22:00-07:00")).toBe("malformed");
  expect(await wrong("--level", "all")).toBe("malformed");
});

test("a command is divided as it is written, and nothing in it is run by a shell", () => {
  expect(commandWords(`a  'b c' "d \\"e\\"" f\\ g '' $HOME`)).toEqual([
    "a",
    "b c",
    'd "e"',
    "f g",
    "",
    "$HOME",
  ]);
  expect(() => commandWords("a 'b")).toThrow(expect.objectContaining({ code: "malformed" }));
  expect(() => commandWords("  ")).toThrow(expect.objectContaining({ code: "malformed" }));
});

test("FED-1110 a tail over a copy of a store that is in use ends with 7, and says what to do", async () => {
  const copy = `${household.home}-copy`;
  cpSync(household.home, copy, { recursive: true });
  const contexts = join(copy, "contexts.json");
  writeFileSync(contexts, readFileSync(contexts, "utf8").replaceAll(household.home, copy));
  const over = new AbortController();
  const shown = Promise.withResolvers<void>();
  const first = household.treehouse(["--context", "bob", "tail", "--follow", "--since", "1h"], {
    interrupted: over.signal,
    heard: () => shown.resolve(),
  });
  await json("send", "Tea", "for the one that goes on");
  await shown.promise;
  const second = await household.treehouse(["--context", "bob", "tail", "--follow"], {
    env: { TREEHOUSE_HOME: copy },
  });
  expect(second).toMatchObject({ exit: 7, out: "" });
  expect(second.err).toContain("storeCopied");
  expect(second.err).toContain("treehouse --context <new> account login");
  over.abort();
  await first;
});
