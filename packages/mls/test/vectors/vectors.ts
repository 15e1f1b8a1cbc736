/**
 * The official vectors of the MLS working group. They lie beside the repository, in `../shared/data`
 * of its root, or where TREEHOUSE_VECTORS points to; without them the suites say so and skip.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

import type { CiphersuiteImpl } from "ts-mls";
import { getCiphersuiteFromId } from "ts-mls/crypto/ciphersuite.js";
import { expect, test } from "vitest";

import { toTsMls } from "../../src/crypto/index.ts";
import { createNobleCrypto } from "../../src/crypto/noble/index.ts";
import { createNodeCrypto } from "../../src/crypto/node/index.ts";
import { otherSuite } from "./other-suites.ts";

const beside = fileURLToPath(new URL("../../../../../shared/data", import.meta.url));
export const vectorFolder: string = join(process.env["TREEHOUSE_VECTORS"] ?? beside, "mls");
export const vectorsPresent: boolean = existsSync(vectorFolder);

/** Each file and how many vectors it has: 785 together. */
export const vectorFiles: Readonly<Record<string, number>> = {
  "crypto-basics.json": 7,
  "deserialization.json": 14,
  "key-schedule.json": 7,
  "message-protection.json": 7,
  "messages.json.gz": 300,
  "passive-client-handling-commit.json": 91,
  "passive-client-random.json.gz": 1,
  "passive-client-welcome.json": 56,
  "psk_secret.json": 77,
  "secret-tree.json": 21,
  "transcript-hashes.json": 7,
  "tree-math.json": 10,
  "tree-operations.json": 5,
  "tree-validation.json": 98,
  "treekem.json.gz": 77,
  "welcome.json": 7,
};

const isFull = process.env["TREEHOUSE_SCALE"] === "full";
/** Of files that take long one vector of so many is run, and all of them at full scale. */
const oneOf: Readonly<Record<string, number>> = { "treekem.json.gz": 11 };

// oxlint-disable typescript/no-unnecessary-type-parameters -- the caller says what is in its file
/** One test per file. Each vector is run by itself and counts only if all it says was found true. */
export function runVectors<T>(file: string, run: (vector: T) => Promise<void> | void): void {
  const every = isFull ? 1 : (oneOf[file] ?? 1);
  const which = every === 1 ? "every vector" : `every ${every}th vector`;
  test.skipIf(!vectorsPresent)(`${file}: ${which} holds`, { timeout: 120_000 }, async () => {
    const vectors: readonly T[] = JSON.parse(readVectors(file));
    let passed = 0;
    for (const [n, vector] of vectors.entries()) {
      if (n % every !== 0) continue;
      try {
        await run(vector);
      } catch (error) {
        throw new Error(`${file}, vector ${n}`, { cause: error });
      }
      passed += 1;
    }
    console.log(`${file}: ${passed}/${vectors.length}`);
    expect(vectors.length).toBe(vectorFiles[file]);
    expect(passed).toBe(Math.ceil((vectorFiles[file] ?? 0) / every));
  });
}

function readVectors(file: string): string {
  const content = readFileSync(join(vectorFolder, file));
  return (file.endsWith(".gz") ? gunzipSync(content) : content).toString("utf8");
}

const random = (length: number) => crypto.getRandomValues(new Uint8Array(length));
const suites = new Map<number, readonly CiphersuiteImpl[]>([
  [1, [toTsMls(createNodeCrypto({ random })), toTsMls(createNobleCrypto({ random }))]],
]);

/** Suite 1 comes from our own providers, and is run with both; the others exist for tests only. */
export function suitesOf(id: number): readonly CiphersuiteImpl[] {
  const known = suites.get(id);
  if (known !== undefined) return known;
  if (id !== 2 && id !== 3 && id !== 4 && id !== 5 && id !== 6 && id !== 7) {
    throw new Error(`suite ${id}`);
  }
  const made = [otherSuite(id, getCiphersuiteFromId(id).name)];
  suites.set(id, made);
  return made;
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(text, "hex"));
}

export function hex(value: Uint8Array | undefined): string | undefined {
  return value === undefined ? undefined : Buffer.from(value).toString("hex");
}

/** Decodes the whole input, or fails. */
export function whole<T>(
  decode: (b: Uint8Array, offset: number) => [T, number] | undefined,
  input: Uint8Array,
): T {
  const decoded = decode(input, 0);
  if (decoded?.[1] !== input.length) throw new Error("not decoded to the end");
  return decoded[0];
}
