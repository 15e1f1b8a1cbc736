import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "vitest";

import { runProcess } from "../world/children.ts";
import { type Household, openHousehold } from "../world/household.ts";

/** One for all tests: the first makes the backup that the others need. */
let household: Household;
let folder = "";
const [data, file, key] = [
  () => join(folder, "data"),
  () => join(folder, "one"),
  () => join(folder, "key"),
];

beforeAll(async () => {
  household = await openHousehold();
  folder = dirname(household.home);
  writeFileSync(key(), `${"5a".repeat(32)}\n`);
});
afterAll(() => household[Symbol.asyncDispose]());

const env = { TREEHOUSE_BACKUP_PASSPHRASE: "four random words here" };
const run = (...args: readonly string[]) => household.treehouse(args, { env });

test("a server's backup is made while it runs, verified, and put back", async () => {
  const sealed = ["--key-file", key()];
  const made = await run("server", "backup", "--data", data(), file(), ...sealed, "--json");
  expect(made).toMatchObject({ exit: 0, err: "" });
  expect(JSON.parse(made.out)).toMatchObject({ path: file(), manifest: { domain: "localhost" } });
  expect(readdirSync(data())).not.toContain("backup-work");

  const verified = await run("server", "verify", file(), ...sealed);
  expect(verified).toMatchObject({ exit: 0, err: "" });
  expect(verified.out).toMatch(/^\S+one: localhost as of \S+Z, checked\n$/);

  const other = join(folder, "other");
  const restore = ["server", "restore", file(), "--data", other, ...sealed];
  const dry = await run(...restore, "--dry-run");
  expect(dry).toMatchObject({ exit: 0 });
  expect(existsSync(other)).toBe(false);
  const restored = await run(...restore);
  expect(restored).toMatchObject({ exit: 0 });
  expect(readdirSync(other)).toEqual(["secrets", "treehouse.sqlite", "treehouse.sqlite.lock"]);
  expect(restored.err).toContain("Start the server");
});

test("what cannot be is told with what to do, in the form that was asked for", async () => {
  const running = await run("server", "restore", file(), "--data", data());
  expect(running.exit).toBe(1);
  expect(running.err).toContain("Stop it");
  const again = await run(
    "server",
    "backup",
    file(),
    "--data",
    data(),
    "--key-file",
    key(),
    "--json",
  );
  expect(again).toMatchObject({ exit: 1, out: "" });
  expect(JSON.parse(again.err)).toMatchObject({
    error: { code: "exists", message: expect.stringContaining("exists already") },
    exit: 1,
  });
  const wrong = await run("server", "verify", file(), "--key-file", file(), "--fields", "path");
  expect(wrong).toMatchObject({ exit: 1, out: "" });
  expect(wrong.err).toMatch(/^treehouse: A key file holds .* \(refused\)\n$/s);
  const sealed = ["--key-file", key()];
  const fields = await run("server", "verify", file(), ...sealed, "--fields", "path");
  expect(JSON.parse(fields.out)).toEqual({ path: file() });
  const none = await run("server", "verify", file(), ...sealed, "--fields", "size");
  expect(none.err).toContain("(unknownField)");
  // The passphrase in the environment was handed on, and is no key.
  expect((await run("server", "verify", file())).err).toContain("--key-file");
  expect((await run("server", "verify", file(), "--key-file", data())).err).toContain(
    "cannot be read",
  );
});

test("the command passes on how the program ended, from a process of its own", async () => {
  const program = fileURLToPath(new URL("../../bin/treehouse.js", import.meta.url));
  const args = [program, "server", "verify", "/nonexistent", "--passphrase-stdin"];
  const { code, err } = await runProcess(process.execPath, args, {
    input: "twelve or more letters",
  });
  expect(code).toBe(8);
  expect(err).toBe(
    "treehouse: The backup /nonexistent cannot be read: there is none. (notFound)\n",
  );
});
