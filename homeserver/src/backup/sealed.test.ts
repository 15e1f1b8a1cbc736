import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { open, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chunkBytes, sealedChunkBytes } from "./chunks.ts";
import { headerBytes } from "./header.ts";
import { BackupRefused } from "./refused.ts";
import { openSealedReader } from "./sealed-reader.ts";
import { createSealedWriter } from "./sealed-writer.ts";
import type { BackupSecret } from "./secret.ts";

const key: BackupSecret = { kind: "keyFile", key: new Uint8Array(32).fill(7) };
const passphrase: BackupSecret = { kind: "passphrase", passphrase: "four random words here" };
const random = (length: number) => new Uint8Array(randomBytes(length));

let folder = "";
let made = 0;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "treehouse-sealed-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function seal(content: Uint8Array, secret: BackupSecret = key): Promise<Buffer> {
  const path = join(folder, `${(made += 1)}`);
  const file = await open(path, "wx");
  try {
    const writer = await createSealedWriter(file, secret, random);
    // In pieces of odd lengths, as files come.
    for (let from = 0; from < content.length; from += 50_021) {
      await writer.write(content.subarray(from, from + 50_021));
    }
    await writer.finish();
  } finally {
    await file.close();
  }
  return readFile(path);
}

/** The content, or the text with which it is refused. Anything else that is thrown fails. */
async function unseal(sealed: Uint8Array, secret: BackupSecret = key): Promise<Buffer | string> {
  const path = join(folder, `${(made += 1)}`);
  await writeFile(path, sealed);
  const file = await open(path);
  try {
    const reader = await openSealedReader(file, secret);
    return Buffer.from(await reader.readExactly(reader.length));
  } catch (error) {
    if (error instanceof BackupRefused) return error.message;
    throw error;
  } finally {
    await file.close();
    rmSync(path);
  }
}

const contentOf = (length: number) => createHash("shake256", { outputLength: length }).digest();
const [C, S, H] = [chunkBytes, sealedChunkBytes, headerBytes];

test("T-37 contents of every length around a chunk's border come back as they were", async () => {
  for (const length of [1, 2, C - 1, C, C + 1, 2 * C - 1, 2 * C, 2 * C + 1, 20 * C + 5]) {
    const content = contentOf(length);
    const sealed = await seal(content);
    expect(sealed.length).toBe(H + length + 16 * Math.ceil(length / C));
    expect(content.equals(Buffer.from(await unseal(sealed)))).toBe(true);
  }
});

test("T-37 one bit that is altered anywhere, in header, chunk or tag, is refused", async () => {
  const sealed = await seal(contentOf(3 * C + 100));
  const places = [
    ...Array.from({ length: H }, (_, index) => index),
    ...[0, 1, 2, 3].flatMap((chunk) => [0, 1, C - 1].map((at) => H + chunk * S + at)),
    ...[0, 1, 2].flatMap((chunk) => [0, 15].map((at) => H + chunk * S + C + at)),
    sealed.length - 17,
    sealed.length - 16,
    sealed.length - 1,
  ].filter((place) => place < sealed.length);
  for (const place of places) {
    const altered = Buffer.from(sealed);
    altered[place] = (altered[place] ?? 0) ^ (1 << (place % 8));
    expect(await unseal(altered), `octet ${place}`).toMatch(/damaged|no backup|form|sealed|open/);
  }
});

test("T-37 a backup that is cut off is refused, also between two chunks", async () => {
  const sealed = await seal(contentOf(3 * C));
  const borders = [0, 1, 2, 3].flatMap((chunk) =>
    [-17, -16, -1, 0, 1].map((by) => H + chunk * S + by),
  );
  for (const length of [0, 1, H - 1, ...borders].filter((end) => end >= 0 && end < sealed.length)) {
    expect(await unseal(sealed.subarray(0, length)), `cut at ${length}`).toMatch(
      /damaged|no backup/,
    );
  }
});

test("T-37 chunks that are swapped, dropped, repeated, appended or of another backup are refused", async () => {
  const content = contentOf(4 * C);
  const [sealed, other] = [await seal(content), await seal(content)];
  const header = sealed.subarray(0, H);
  const chunk = (index: number, from = sealed) => from.subarray(H + index * S, H + (index + 1) * S);
  const all = [0, 1, 2, 3].map((index) => chunk(index));
  const put = (...chunks: Buffer[]) => Buffer.concat([header, ...chunks]);
  const [a, b, c, d] = [chunk(0), chunk(1), chunk(2), chunk(3)];
  expect(await unseal(put(...all))).toEqual(content);
  for (const forged of [
    put(b, a, c, d),
    put(a, c, b, d),
    put(a, b, d),
    put(a, b, d, c),
    put(b, c, d),
    put(a, b, c),
    put(a, b, c, d, d),
    put(a, a, b, c, d),
    put(a, b, c, d, a),
    put(a, chunk(1, other), c, d),
    put(chunk(0, other), b, c, d),
    put(a, b, c, chunk(3, other)),
    Buffer.concat([other.subarray(0, H), a, b, c, d]),
    Buffer.concat([sealed, Buffer.alloc(1)]),
    Buffer.concat([sealed, Buffer.alloc(16)]),
  ]) {
    expect(await unseal(forged)).toMatch(/damaged or not complete/);
  }
});

test("T-37 arbitrary octets and mutations give a refusal or the content, and nothing else", async () => {
  const content = contentOf(C + 1);
  const sealed = await seal(content);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (octets) => {
      expect(typeof (await unseal(octets))).toBe("string");
    }),
    { numRuns: 100 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: sealed.length - 1 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      async (at, octets) => {
        const altered = Buffer.from(sealed);
        altered.set(octets.subarray(0, altered.length - at), at);
        const result = await unseal(altered);
        return altered.equals(sealed)
          ? content.equals(Buffer.from(result))
          : typeof result === "string";
      },
    ),
    { numRuns: 100 },
  );
});

test("T-37 only the secret that sealed a backup opens it, and the message says what to do", async () => {
  const content = contentOf(10);
  const byKey = await seal(content);
  const byPassphrase = await seal(content, passphrase);
  expect(await unseal(byPassphrase, passphrase)).toEqual(content);
  const otherKey: BackupSecret = { kind: "keyFile", key: new Uint8Array(32).fill(8) };
  const otherWords: BackupSecret = { kind: "passphrase", passphrase: "four random words there" };
  expect(await unseal(byKey, otherKey)).toContain("This key does not open the backup");
  expect(await unseal(byPassphrase, otherWords)).toContain("This passphrase does not open");
  expect(await unseal(byKey, passphrase)).toContain("Name it with --key-file");
  expect(await unseal(byPassphrase, key)).toContain("sealed with a passphrase");
  // The same letters, composed differently by another keyboard.
  const composed = await seal(content, {
    kind: "passphrase",
    passphrase: "caf\u00e9 au lait noir",
  });
  const apart: BackupSecret = { kind: "passphrase", passphrase: "cafe\u0301 au lait noir" };
  expect(await unseal(composed, apart)).toEqual(content);
});

test("a passphrase that can be guessed seals nothing", async () => {
  const short: BackupSecret = { kind: "passphrase", passphrase: "short" };
  await expect(seal(contentOf(1), short)).rejects.toThrow("at least 12 characters");
});

test("T-37 a header that would make this machine work without end is refused at once", async () => {
  const sealed = await seal(contentOf(1), passphrase);
  const forged = (change: (header: Buffer) => void) => {
    const header = Buffer.from(sealed);
    change(header);
    return unseal(header, passphrase);
  };
  const refused = "The beginning of this backup is damaged";
  expect(await forged((header) => header.writeUInt32BE(0xffff_ffff, 10))).toContain(refused);
  expect(await forged((header) => header.writeUInt32BE(0xffff_ffff, 14))).toContain(refused);
  expect(await forged((header) => header.writeUInt8(255, 18))).toContain(refused);
  expect(await forged((header) => header.writeUInt8(0, 18))).toContain(refused);
  expect(await forged((header) => header.writeUInt8(9, 9))).toContain(refused);
  expect(await forged((header) => header.writeUInt8(2, 8))).toContain("has form 2");
});

test("two backups of the same content have no chunk in common", async () => {
  const content = contentOf(2 * C);
  const [one, other] = [await seal(content), await seal(content)];
  for (const start of [0, 1]) {
    const chunk = (from: Buffer) => from.subarray(H + start * S, H + (start + 1) * S);
    expect(chunk(one).equals(chunk(other))).toBe(false);
  }
});
