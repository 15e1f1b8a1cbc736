import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DirectoryRefused, openDataDirectory } from "./data-directory.ts";
import { createNodeEnv } from "./env/node-env.ts";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-data-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

const env = createNodeEnv({ log: { level: "silent" } });

test("a file is written once, whole, and for its owner only", async () => {
  const { files } = openDataDirectory(join(directory, "a/b"), env);
  expect(await files.read("key")).toBeUndefined();
  const contents = Array.from({ length: 8 }, (_, index) => Uint8Array.of(index));
  const answers = await Promise.all(contents.map((content) => files.create("key", content)));
  const [first] = answers;
  expect(await files.read("key")).toEqual(first);
  for (const answer of answers) expect(answer).toEqual(first);
  expect(readdirSync(join(directory, "a/b/secrets"))).toEqual(["key"]);
  expect(statSync(join(directory, "a/b/secrets/key")).mode & 0o777).toBe(0o600);
  expect(statSync(join(directory, "a/b/secrets")).mode & 0o777).toBe(0o700);
});

test("files are listed by name, drafts are none, and a removed one can be made anew", async () => {
  const { files } = openDataDirectory(directory, env);
  for (const name of ["key-2", "key-1"]) await files.create(name, Uint8Array.of(1));
  writeFileSync(join(directory, "secrets/key-3.0f.draft"), "half");
  expect(await files.names()).toEqual(["key-1", "key-2"]);
  await files.remove("key-1");
  await files.remove("key-1");
  expect(await files.names()).toEqual(["key-2"]);
  expect(await files.create("key-1", Uint8Array.of(2))).toEqual(Uint8Array.of(2));
});

test("what is there is answered without a single write: a full disk keeps no server from starting", async () => {
  const { files } = openDataDirectory(directory, env);
  await files.create("key", Uint8Array.of(1));
  const secrets = join(directory, "secrets");
  utimesSync(secrets, 1, 1);
  expect(await files.create("key", Uint8Array.of(2))).toEqual(Uint8Array.of(1));
  expect(statSync(secrets).mtimeMs).toBe(1_000);
});

test("names cannot lead out of the directory", async () => {
  const { files } = openDataDirectory(directory, env);
  for (const name of ["../key", "a/b", "", ".key", "KEY"]) {
    await expect(files.read(name)).rejects.toThrow("no name of a file");
    await expect(files.create(name, Uint8Array.of(1))).rejects.toThrow("no name of a file");
    await expect(files.remove(name)).rejects.toThrow("no name of a file");
  }
});

test("a directory that cannot be made is refused in words", () => {
  expect(() => openDataDirectory("/dev/null/data", env)).toThrow(DirectoryRefused);
});
