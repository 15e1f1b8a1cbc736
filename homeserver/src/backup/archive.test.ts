import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDomain } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pathIn, unpackArchive, writeArchive } from "./archive.ts";
import type { Manifest } from "./manifest.ts";
import { paddedLength } from "./padding.ts";
import { openSealedReader } from "./sealed-reader.ts";
import { createSealedWriter } from "./sealed-writer.ts";
import type { BackupSecret } from "./secret.ts";

const key: BackupSecret = { kind: "keyFile", key: new Uint8Array(32).fill(7) };
const random = (length: number) => new Uint8Array(randomBytes(length));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "treehouse-archive-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const contents: Readonly<Record<string, Buffer>> = {
  database: Buffer.alloc(200_000, "pages"),
  "secrets/domain": Buffer.from("example.org"),
  "secrets/empty": Buffer.alloc(0),
};

function manifestOf(files = contents): Manifest {
  return {
    format: 1,
    software: "0.1.0",
    domain: parseDomain("example.org"),
    createdAt: 1_000,
    incarnation: "00".repeat(16),
    lives: 1,
    schema: {},
    files: Object.entries(files).map(([name, bytes]) => ({
      name,
      bytes: bytes.length,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    })),
  };
}

/** Seals these octets as a backup, whatever they say. */
async function sealed(...content: readonly Uint8Array[]): Promise<string> {
  const path = join(folder, "sealed");
  rmSync(path, { force: true });
  const file = await open(path, "wx");
  try {
    const writer = await createSealedWriter(file, key, random);
    for (const part of content) await writer.write(part);
    await writer.finish();
  } finally {
    await file.close();
  }
  return path;
}

function parts(manifest: unknown, files: readonly Buffer[], more = 0): readonly Buffer[] {
  const text = Buffer.from(JSON.stringify(manifest));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const whole = [length, text, ...files];
  const sum = whole.reduce((total, { length: bytes }) => total + bytes, 0);
  return [...whole, Buffer.alloc(paddedLength(sum) - sum + more)];
}

/** The text with which unpacking is refused; what was written is looked at by the test. */
async function refusal(
  path: string,
  into = join(folder, `into-${Math.random()}`),
): Promise<string> {
  mkdirSync(into);
  const file = await open(path);
  try {
    await unpackArchive(await openSealedReader(file, key), into, () => undefined);
    return "unpacked";
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  } finally {
    await file.close();
  }
}

test("what was put into an archive comes out, for its owner alone, and padded", async () => {
  const from = join(folder, "from");
  mkdirSync(join(from, "secrets"), { recursive: true });
  const manifest = manifestOf();
  for (const [name, bytes] of Object.entries(contents)) writeFileSync(pathIn(from, name), bytes);
  const path = join(folder, "archive");
  const file = await open(path, "wx");
  await writeArchive(await createSealedWriter(file, key, random), manifest, (name) =>
    pathIn(from, name),
  );
  await file.close();
  const into = join(folder, "into");
  mkdirSync(into);
  const again = await open(path);
  const seen: Manifest[] = [];
  const found = await unpackArchive(await openSealedReader(again, key), into, (one) =>
    seen.push(one),
  );
  await again.close();
  expect(found).toEqual(manifest);
  expect(seen).toEqual([manifest]);
  for (const [name, bytes] of Object.entries(contents)) {
    expect(readFileSync(pathIn(into, name)).equals(bytes)).toBe(true);
  }
  expect(readFileSync(path).length).toBeGreaterThan(1024 * 1024);
  const text = readFileSync(path).toString("latin1");
  for (const canary of ["example.org", "pages", "secrets", "sha256"]) {
    expect(text).not.toContain(canary);
  }
});

test("T-37 a manifest that does not fit its files is refused, also when it is sealed right", async () => {
  const files = Object.values(contents);
  expect(await refusal(await sealed(...parts(manifestOf(), files)))).toBe("unpacked");
  const older = manifestOf({ ...contents, database: Buffer.alloc(200_000, "older") });
  const shorter = manifestOf({ ...contents, database: Buffer.alloc(199_999, "pages") });
  const longer = manifestOf({ ...contents, database: Buffer.alloc(2_000_000, "pages") });
  for (const manifest of [older, shorter, longer]) {
    expect(await refusal(await sealed(...parts(manifest, files)))).toContain("damaged");
  }
  const [one, ...others] = parts(manifestOf(), files);
  if (one === undefined) throw new Error("there are parts");
  const last = others.at(-1);
  if (last !== undefined) last[last.length - 1] = 1;
  expect(await refusal(await sealed(one, ...others))).toContain("damaged");
  expect(await refusal(await sealed(...parts(manifestOf(), files, 64 * 1024)))).toContain(
    "damaged",
  );
  expect(
    await refusal(await sealed(Buffer.from([255, 255, 255, 255]), Buffer.alloc(100))),
  ).toContain("damaged");
  expect(await refusal(await sealed(Buffer.alloc(3)))).toContain("damaged");
});

test("no name in a manifest leads out of the folder, and what a later release writes is not guessed", async () => {
  for (const name of ["../escape", "secrets/../../escape", "/tmp/escape", "secrets/", "other"]) {
    const manifest = manifestOf({ [name]: Buffer.from("x") });
    const into = join(folder, `names-${name.length}`);
    expect(await refusal(await sealed(...parts(manifest, [Buffer.from("x")])), into)).toContain(
      "not understood",
    );
    expect(readdirSync(into)).toEqual([]);
  }
  const twice = manifestOf();
  twice.files.push(...twice.files.slice(-1));
  expect(await refusal(await sealed(...parts(twice, Object.values(contents))))).toContain(
    "not understood",
  );
  const later = { ...manifestOf(), format: 2 };
  expect(await refusal(await sealed(...parts(later, Object.values(contents))))).toContain(
    "not understood",
  );
  const more = { ...manifestOf(), remark: "a later release says more" };
  expect(await refusal(await sealed(...parts(more, Object.values(contents))))).toBe("unpacked");
});
