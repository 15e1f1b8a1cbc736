import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { root, runProcess } from "../world/children.ts";
import { type Household, openWithAliceAndBob } from "../world/household.ts";

let household: Household;
const scratch = mkdtempSync(join(tmpdir(), "treehouse process "));
beforeAll(async () => {
  household = await openWithAliceAndBob();
});
afterAll(async () => {
  rmSync(scratch, { recursive: true, force: true });
  await household[Symbol.asyncDispose]();
});

const bin = join(root, "packages/cli/bin/treehouse.js");
const main = join(root, "packages/cli/src/main.ts");

test("the command passes output and exit codes through, by a path with a space too", async () => {
  const link = join(scratch, "a link");
  symlinkSync(root, link);
  for (const program of [bin, join(link, "packages/cli/bin/treehouse.js")]) {
    const version = await runProcess(process.execPath, [program, "--version"]);
    expect(version).toMatchObject({ code: 0, err: "" });
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
    const wrong = await runProcess(process.execPath, [program, "bogus"]);
    expect(wrong).toMatchObject({ code: 1, out: "" });
  }
});

test.for(["SIGINT", "SIGTERM"] as const)("%s ends a waiting command with 130", async (signal) => {
  const { env } = household;
  await household.json("group", "create", signal, "--add", "bob@localhost");
  await household.json("send", signal, "hello");
  const bobs = { ...env, TREEHOUSE_CONTEXT: "bob" };
  const ended = await runProcess(process.execPath, [bin, "tail", "--follow"], {
    env: bobs,
    heard: (_out, child) => void child.kill(signal),
  });
  expect(ended).toMatchObject({ code: 130, signal: null });
  expect(ended.out).toContain("hello");
});

test("a reader that has seen enough is no failure", async () => {
  const args = ["-c", '"$0" "$1" --help | head -n 1; echo "${PIPESTATUS[0]}"'];
  const ended = await runProcess("bash", [...args, process.execPath, bin]);
  expect(ended.out).toMatch(/^Usage: treehouse .*\n0\n$/);
  expect(ended.err).toBe("");
});

test("an output that cannot be written is told of, and what tail did not show stays new", async () => {
  const env = { ...household.env, TREEHOUSE_CONTEXT: "bob" };
  await household.json("group", "create", "Full", "--add", "bob@localhost");
  await household.json("send", "Full", "hello");
  const args = ["-c", '"$0" "$1" tail Full > /dev/full', process.execPath, bin];
  const ended = await runProcess("bash", args, { env });
  expect(ended).toMatchObject({ code: 1, out: "" });
  expect(ended.err).toContain("(outputFailed)");
  const again = await runProcess(process.execPath, [bin, "tail", "Full"], {
    env,
    heard: (_out, child) => void child.stdout?.destroy(),
  });
  expect(again).toMatchObject({ code: 0, err: "" });
  expect(again.out).toContain("hello");
});

test("tail ends quietly when its reader goes, and what comes behind that stays new", async () => {
  const env = { ...household.env, TREEHOUSE_CONTEXT: "bob" };
  await household.json("group", "create", "Head", "--add", "bob@localhost");
  await household.json("send", "Head", "one");
  const ended = await runProcess(process.execPath, [bin, "tail", "--follow"], {
    env,
    heard(_out, child) {
      child.stdout?.once("close", () => void household.json("send", "Head", "two"));
      child.stdout?.destroy();
    },
  });
  expect(ended).toMatchObject({ code: 0, err: "" });
  const { out } = await household.treehouse(["--context", "bob", "tail"]);
  expect([ended.out, out]).toEqual([
    expect.stringContaining("one"),
    expect.stringContaining("two"),
  ]);
});

test("a text comes by a pipe and goes out as one message", async () => {
  const { env } = household;
  await household.json("group", "create", "Pipe");
  const input = "two\nlines\n";
  const sent = await runProcess(process.execPath, [main, "send", "Pipe"], { env, input });
  expect(sent).toMatchObject({ code: 0, err: "" });
  expect(await household.json("history", "Pipe")).toMatchObject({
    items: [{ text: "two\nlines" }],
  });
});

test("octets that are no text are refused with where they go, as a whole and line by line", async () => {
  const { env } = household;
  await household.json("group", "create", "Octets");
  const script = String.raw`printf 'good\nb\377d\n' | "$0" "$1" send Octets "$@"`;
  for (const option of ["-", "--lines"]) {
    const args = ["-c", script.replace('"$@"', option), process.execPath, bin];
    const ended = await runProcess("bash", args, { env });
    expect([option, ended.code]).toEqual([option, 1]);
    expect(ended.err).toMatch(/\(inputInvalid\)\n.*--file <path>/);
  }
  const text = "zwei Größen\u2028eine Zeile";
  await runProcess(process.execPath, [bin, "send", "Octets", "--lines"], { env, input: text });
  expect(await household.json("history", "Octets")).toMatchObject({
    items: [{ text: "good" }, { text }],
  });
});

test("without a terminal nobody is asked for a password", async () => {
  const env = { ...household.env, TREEHOUSE_PASSWORD: "" };
  const ended = await runProcess(process.execPath, [bin, "account", "login"], { env });
  expect(ended).toMatchObject({ code: 4, out: "" });
  expect(ended.err).toContain("TREEHOUSE_PASSWORD");
});
