import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utf8Encode } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createNodeEnv } from "./env/node-env.ts";
import { openSealingKeys, sealingKeyFile, SealingRefused } from "./sealing-keys.ts";

const env = createNodeEnv({ log: { level: "silent" } });
const place = { table: "t", column: "c", row: "alice" };
const [first, second] = ["11".repeat(32), "22".repeat(32)];

let folder = "";
let dataDirectory = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "treehouse-sealing-"));
  dataDirectory = join(folder, "data");
  mkdirSync(dataDirectory);
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (file = "", restored?: string) => {
  const keys = openSealingKeys({
    env,
    file,
    dataDirectory,
    restored: restored === undefined ? undefined : utf8Encode(restored),
  });
  if (keys === undefined) throw new Error("no keys");
  return keys;
};
const write = (content: string, mode = 0o600): string => {
  const path = join(folder, "keys");
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
};

test("the keys are made once, beside the data directory, for their owner only", () => {
  const sealed = open().seal(place, Uint8Array.of(1, 2, 3));
  const path = sealingKeyFile("", dataDirectory);
  expect(path).toBe(`${dataDirectory}.sealing-keys`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(open().open(place, sealed)).toEqual(Uint8Array.of(1, 2, 3));
  expect(open().seal(place, Uint8Array.of(1, 2, 3)).box).not.toEqual(sealed.box);
});

test("what was sealed opens in its own place only, and whole", () => {
  const keys = open();
  const sealed = keys.seal(place, utf8Encode("secret"));
  for (const other of [{ table: "u" }, { column: "d" }, { row: "bob" }]) {
    expect(() => keys.open({ ...place, ...other }, sealed)).toThrow("invalid tag");
  }
  for (const at of [0, 23, 24, sealed.box.length - 1]) {
    const box = sealed.box.slice();
    box[at] = (box[at] ?? 0) ^ 1;
    expect(() => keys.open(place, { ...sealed, box })).toThrow("invalid tag");
  }
  expect(Buffer.from(sealed.box).includes("secret")).toBe(false);
});

test("a new first line is the current key; what the old one sealed still opens", () => {
  const old = open(write(`${first}\n`));
  const sealed = old.seal(place, Uint8Array.of(7));
  const turned = open(write(`# newest first\n${second}\n\n${first}\n`));
  expect(turned.currentId).not.toBe(old.currentId);
  expect(turned.open(place, sealed)).toEqual(Uint8Array.of(7));
  expect(turned.seal(place, Uint8Array.of(7)).keyId).toBe(turned.currentId);
  expect(() => open(write(second)).open(place, sealed)).toThrow("a key that is not there");
});

test("a key file in the data directory is refused, also by another way there", () => {
  const link = join(folder, "link");
  symlinkSync(dataDirectory, link);
  for (const path of [
    join(dataDirectory, "keys"),
    join(dataDirectory, "secrets/keys"),
    join(link, "keys"),
  ]) {
    expect(() => open(path)).toThrow("Name a place outside of it");
  }
  expect(() => open(join(folder, "data-keys"))).not.toThrow();
});

test("a file that others read, or that holds no keys, is refused with what to do", () => {
  expect(() => open(write(first, 0o640))).toThrow("chmod 600");
  for (const content of ["", "x", `${first}\n${first.slice(1)}`]) {
    expect(() => open(write(content))).toThrow(SealingRefused);
  }
});

test("a file that cannot be made leaves the server without keys, and does not stop it", () => {
  const file = join(folder, "none/keys");
  expect(openSealingKeys({ env, file, dataDirectory, restored: undefined })).toBeUndefined();
});

test("keys of a restored backup are taken over, behind those that there are", () => {
  const path = join(folder, "fresh");
  const sealed = open(path, `${first}\n`).seal(place, Uint8Array.of(9));
  expect(readFileSync(path, "utf8")).toBe(`${first}\n`);
  const merged = open(write(second), first);
  expect(merged.currentId).toBe(open(write(second)).currentId);
  expect(open(write(second), first).open(place, sealed)).toEqual(Uint8Array.of(9));
});
