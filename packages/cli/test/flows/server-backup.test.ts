import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import { runProcess } from "../world/children.ts";
import { openWithAliceAndBob } from "../world/household.ts";

const secret = { TREEHOUSE_BACKUP_PASSPHRASE: "four random words here" };

test("a server's backup is made while it runs, verified, and put back", async () => {
  await using household = await openWithAliceAndBob();
  const folder = dirname(household.home);
  const data = join(folder, "data");
  const file = join(folder, "one.thbackup");
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = secret) =>
    household.treehouse(args, { env });

  const made = await run(["server", "backup", "--data", data, file, "--json"]);
  expect(made).toMatchObject({ exit: 0, err: "" });
  expect(JSON.parse(made.out)).toMatchObject({ path: file, manifest: { domain: "localhost" } });
  expect(readdirSync(data)).not.toContain("backup-work");

  const verified = await run(["server", "verify", file]);
  expect(verified).toMatchObject({ exit: 0, err: "" });
  expect(verified.out).toMatch(/^\S+one\.thbackup: localhost as of \S+Z, checked\n$/);

  const other = join(folder, "other");
  const dry = await run(["server", "restore", file, "--data", other, "--dry-run"]);
  expect(dry).toMatchObject({ exit: 0 });
  expect(existsSync(other)).toBe(false);
  const restored = await run(["server", "restore", file, "--data", other]);
  expect(restored).toMatchObject({ exit: 0 });
  expect(readdirSync(other)).toEqual(["secrets", "treehouse.sqlite", "treehouse.sqlite.lock"]);
  expect(restored.err).toContain("Start the server");
});

test("what cannot be is told with what to do, in the form that was asked for", async () => {
  await using household = await openWithAliceAndBob();
  const folder = dirname(household.home);
  const data = join(folder, "data");
  const key = join(folder, "key");
  writeFileSync(key, `${"5a".repeat(32)}\n`);
  const run = (...args: readonly string[]) =>
    household.treehouse(["server", ...args], { env: secret });
  const running = await run("restore", join(folder, "none"), "--data", data);
  expect(running.exit).toBe(1);
  expect(running.err).toContain("Stop it");
  const file = join(folder, "two.thbackup");
  expect((await run("backup", file, "--data", data, "--key-file", key)).exit).toBe(0);
  const again = await run("backup", file, "--data", data, "--key-file", key, "--json");
  expect(again).toMatchObject({ exit: 1, out: "" });
  expect(JSON.parse(again.err)).toMatchObject({
    error: { code: "refused", message: expect.stringContaining("exists already") },
    exit: 1,
  });
  expect((await run("verify", file)).err).toContain("--key-file");
  const elsewhere = join(folder, "there");
  mkdirSync(elsewhere);
  expect((await run("verify", file, "--key-file", elsewhere)).err).toContain("cannot be read");
});

test("the command passes on how the program ended, from a process of its own", async () => {
  const program = new URL("../../bin/treehouse.js", import.meta.url).pathname;
  const args = [program, "server", "verify", "/nonexistent", "--passphrase-stdin"];
  const { code, err } = await runProcess(process.execPath, args, {
    input: "twelve or more letters",
  });
  expect(code).toBe(1);
  expect(err).toContain("The backup /nonexistent cannot be read");
});
