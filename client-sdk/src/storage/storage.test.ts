import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openNodeStore } from "../storage-sqlite/index.ts";
import { openLocalStore, StoreFault } from "./index.ts";
import { createSeal } from "./seal.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const key = random(32);

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-store-"));
  path = join(directory, "store.sqlite");
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("a sealed value opens only at its own place, whole, and under its own key", () => {
  const seal = createSeal(key, random);
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), fc.nat(), (value, place, at) => {
      const sealed = seal.seal(place, value);
      expect(seal.open(place, sealed)).toEqual(new Uint8Array(value));
      expect(seal.seal(place, value)).not.toEqual(sealed);
      expect(() => seal.open(`${place}.`, sealed)).toThrow(StoreFault);
      expect(() => createSeal(random(32), random).open(place, sealed)).toThrow(StoreFault);
      const changed = new Uint8Array(sealed);
      changed[at % changed.length] = (changed[at % changed.length] ?? 0) ^ 1;
      expect(() => seal.open(place, changed)).toThrow(StoreFault);
      expect(() => seal.open(place, sealed.subarray(0, at % sealed.length))).toThrow(StoreFault);
    }),
    { numRuns: 50 },
  );
});

test("the store and its key are the owner's alone, and a key that was lost is not replaced", async () => {
  const first = await openNodeStore(path, undefined, random);
  await (await openLocalStore(first.database, first.key, random)).close();
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(statSync(`${path}.key`).mode & 0o077).toBe(0);
  const second = await openNodeStore(path, undefined, random);
  expect(second.key).toEqual(Buffer.from(first.key));
  await second.database.close();
  const short = openNodeStore(path, new Uint8Array(31), random);
  await expect(short).rejects.toMatchObject({ code: "storeKeyWrong" });
});
