import { hkdfSync } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join, basename, resolve, sep } from "node:path";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { concatBytes, fromHex, toHex, utf8Decode, utf8Encode } from "@treehouse/protocol";
import type { Bytes, Env } from "@treehouse/protocol";
import { Assertion } from "./assertion.ts";
import { sha256 } from "./sha256.ts";
import { syncDirectory } from "./sync-directory.ts";

/** Where a sealed value stands: moved to another row or column it does not open. */
export interface SealedPlace {
  readonly table: string;
  readonly column: string;
  /** The row's primary key. */
  readonly row: string;
}

export interface Sealed {
  readonly keyId: string;
  readonly box: Bytes;
}

/**
 * Seals single columns under keys that lie outside of the data directory, so that a copy of that
 * directory does not open them.
 */
export interface SealingKeys {
  /** Under which new values are sealed. */
  readonly currentId: string;
  readonly ids: ReadonlySet<string>;
  seal(place: SealedPlace, content: Uint8Array): Sealed;
  /** Fails for a value that was changed, or sealed for another place. */
  open(place: SealedPlace, sealed: Sealed): Bytes;
}

/** The sealing keys cannot be used. The message says what the operator can do. */
export class SealingRefused extends Error {
  override readonly name = "SealingRefused";
}

const keyPattern = /^[0-9a-fA-F]{64}$/;
const nonceBytes = 24;
const keyBytes = 32;

export interface SealingKeysOptions {
  readonly env: Pick<Env, "random">;
  /** Empty: beside the data directory. */
  readonly file: string;
  readonly dataDirectory: string;
  /** The keys that a restored backup brought, if it did. */
  readonly restored: Uint8Array | undefined;
}

/** Where the keys of a data directory lie, unless the operator names another place. */
export function sealingKeyFile(file: string, dataDirectory: string): string {
  return file === "" ? `${resolve(dataDirectory)}.sealing-keys` : resolve(file);
}

/**
 * Reads the key file, or makes it when there is none. Answers undefined when it cannot be made: what
 * needs it is then not offered. Throws `SealingRefused` for a file that is not as it must be.
 */
export function openSealingKeys(options: SealingKeysOptions): SealingKeys | undefined {
  const path = sealingKeyFile(options.file, options.dataDirectory);
  refuseInside(path, options.dataDirectory);
  if (options.restored !== undefined) adopt(path, utf8Decode(options.restored));
  else create(path, `${toHex(options.env.random(keyBytes))}\n`);
  const text = read(path);
  if (text === undefined) return undefined;
  return sealingKeys(parse(path, text), options.env);
}

function refuseInside(path: string, dataDirectory: string): void {
  const data = real(resolve(dataDirectory));
  if (!`${join(real(dirname(path)), basename(path))}${sep}`.startsWith(`${data}${sep}`)) return;
  throw new SealingRefused(
    `sealing.key_file: ${path} lies in the data directory, and whoever copies that has the key ` +
      "with it. Name a place outside of it.",
  );
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * Does nothing when the file is there, or cannot be: then the operator makes it. It is there whole or
 * not at all, also when the power fails, and before anything is sealed: a server that finds half a
 * key does not start.
 */
function create(path: string, content: string): void {
  if (existsSync(path)) return;
  const draft = `${path}.draft`;
  let file: number;
  try {
    file = openSync(draft, "w", 0o600);
  } catch {
    return;
  }
  writeAndClose(file, content);
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

/** Keys that a backup has brought stand behind those that are there, if they are other ones. */
function adopt(path: string, restored: string): void {
  create(path, restored);
  const there = read(path);
  if (there === undefined) return;
  const known = new Set(parse(path, there).map(toHex));
  const missing = parse("the backup", restored)
    .map(toHex)
    .filter((key) => !known.has(key));
  if (missing.length === 0) return;
  let file: number;
  try {
    file = openSync(path, "a");
  } catch (cause) {
    throw new SealingRefused(
      `The backup that was restored has sealing keys which are not in ${path}, and that cannot be ` +
        "written. Let the server write it for this one start.",
      { cause },
    );
  }
  writeAndClose(file, `\n${missing.join("\n")}\n`);
}

function writeAndClose(file: number, content: string): void {
  try {
    writeSync(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function read(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  if ((found.mode & 0o077) !== 0) {
    throw new SealingRefused(
      `The sealing keys in ${path} can be read by others than their owner. Run: chmod 600 ${path}`,
    );
  }
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new SealingRefused(
      `The sealing keys in ${path} cannot be read. Make the file belong to the user that the ` +
        "server runs as.",
      { cause },
    );
  }
}

function parse(path: string, text: string): readonly Bytes[] {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length > 0 && lines.every((line) => keyPattern.test(line))) return lines.map(fromHex);
  throw new SealingRefused(
    `${path} holds one key a line, 64 hexadecimal digits each, the current one first. ` +
      "Put back the file that there was; for a new server: openssl rand -hex 32",
  );
}

function sealingKeys(keys: readonly Bytes[], env: Pick<Env, "random">): SealingKeys {
  const byId = new Map(keys.map((key) => [idOf(key), key]));
  const [currentId = ""] = byId.keys();
  const cipher = (keyId: string, place: SealedPlace, nonce: Uint8Array) => {
    const key = byId.get(keyId);
    if (key === undefined) throw new Assertion("a value is sealed under a key that is not there");
    return xchacha20poly1305(keyOfTable(key, place.table), nonce, context(place));
  };
  return {
    currentId,
    ids: new Set(byId.keys()),
    seal(place, content) {
      const nonce = env.random(nonceBytes);
      const box = cipher(currentId, place, nonce).encrypt(content);
      return { keyId: currentId, box: concatBytes(nonce, new Uint8Array(box)) };
    },
    open(place, { keyId, box }) {
      const nonce = box.slice(0, nonceBytes);
      return new Uint8Array(cipher(keyId, place, nonce).decrypt(box.slice(nonceBytes)));
    },
  };
}

/** Follows from the key and does not give it away. */
function idOf(key: Uint8Array): string {
  return toHex(sha256(concatBytes(utf8Encode("Treehouse 1.0 SealingKeyId"), key)).slice(0, 8));
}

/** One key for each table: what is sealed in one is nothing in another. */
function keyOfTable(key: Uint8Array, table: string): Uint8Array {
  const info = `Treehouse 1.0 SealedTable ${table}`;
  return new Uint8Array(hkdfSync("sha256", key, new Uint8Array(), info, keyBytes));
}

function context({ table, column, row }: SealedPlace): Uint8Array {
  return utf8Encode(JSON.stringify([table, column, row]));
}
