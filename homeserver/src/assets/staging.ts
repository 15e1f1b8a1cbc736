import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { createReadStream, mkdirSync } from "node:fs";
import { open, readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { Refusal } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { Assertion } from "../platform/index.ts";
import { appendTo } from "./appender.ts";
import { storageFullOr } from "./files.ts";

/**
 * Files that grow until they become blobs. How far one has come is its length, so that neither a
 * crash nor a cut connection loses more than what was on the way.
 */
export interface Staging {
  begin(key: string): Promise<void>;
  /** Octets that are there; undefined if there is no such file. */
  received(key: string): Promise<number | undefined>;
  /**
   * Adds octets behind the first `offset` ones, which must be what is there, else `conflict`: whoever
   * adds to the same file is stopped first. What has come before a failure stays. Refuses
   * `tooLarge` beyond `lengthMax` and `storageFull`. What is needed no more is given to `spent`.
   */
  append(key: string, octets: AsyncIterable<Uint8Array>, options: AppendOptions): Promise<number>;
  /** SHA-256 of the whole file. */
  hash(key: string): Promise<Bytes>;
  pathOf(key: string): string;
  discard(key: string): Promise<void>;
  list(): Promise<readonly { readonly key: string; readonly changedAt: number }[]>;
  /** Room on the disk that anybody may use. */
  freeBytes(): Promise<number>;
}

export type AppendOptions = {
  readonly offset: number;
  readonly lengthMax: number;
  readonly spent?: ((octets: Uint8Array) => void) | undefined;
};

const keyPattern = /^[0-9a-f]{64}$/;
/** Files whose hash is kept up while they grow. */
const hashesMax = 256;

type Writer = { readonly stop: () => void; readonly ended: Promise<void> };
/** Of the first octets of a file. */
type Running = { readonly hash: Hash; length: number };

export async function openStaging(directory: string): Promise<Staging> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const writers = new Map<string, Writer>();
  const running = new Map<string, Running>();

  const pathOf = (key: string): string => {
    if (!keyPattern.test(key)) throw new Assertion("This is no key of an upload.");
    return join(directory, key);
  };

  async function received(key: string): Promise<number | undefined> {
    try {
      return (await stat(pathOf(key))).size;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  function keep(key: string, state: Running): void {
    running.delete(key);
    running.set(key, state);
    const [oldest] = running.keys();
    if (running.size > hashesMax && oldest !== undefined) running.delete(oldest);
  }

  async function write(
    key: string,
    octets: AsyncIterable<Uint8Array>,
    { offset, lengthMax, spent = () => undefined }: AppendOptions,
    stopped: Promise<never>,
  ): Promise<number> {
    const present = await received(key);
    if (present === undefined) throw new Refusal("notFound", "There is no such upload.");
    if (present !== offset) {
      throw new Refusal("conflict", `${present} octets are there, not ${offset}.`);
    }
    const known = running.get(key);
    const state =
      known?.length === offset
        ? known
        : offset === 0
          ? { hash: createHash("sha256"), length: 0 }
          : undefined;
    running.delete(key);
    const file = await open(pathOf(key), "r+");
    const appender = appendTo(file, { from: offset, hash: state?.hash, spent });
    try {
      try {
        const iterator = octets[Symbol.asyncIterator]();
        for (;;) {
          const next = iterator.next();
          const { done, value } = await Promise.race([next, stopped]);
          if (done === true) break;
          if (appender.end + value.length > lengthMax) {
            throw new Refusal("tooLarge", `The upload has ${lengthMax} octets.`, {
              limit: lengthMax,
            });
          }
          await appender.add(value);
        }
      } finally {
        await appender.finish();
      }
    } catch (error) {
      throw storageFullOr(error);
    } finally {
      await file.close();
      if (state !== undefined) state.length = appender.end;
      // Of what was written in part the hash knows nothing.
      if (state !== undefined && (await received(key)) === state.length) keep(key, state);
    }
    return appender.end;
  }

  return {
    received,
    pathOf,
    async begin(key) {
      try {
        await (await open(pathOf(key), "wx", 0o600)).close();
      } catch (error) {
        throw storageFullOr(error);
      }
    },
    async append(key, octets, bounds) {
      // One after another: a connection that the client has given up may still seem alive here.
      for (let other = writers.get(key); other !== undefined; other = writers.get(key)) {
        other.stop();
        await other.ended;
      }
      const stopped = Promise.withResolvers<never>();
      stopped.promise.catch(() => undefined);
      const ended = Promise.withResolvers<void>();
      const writer = {
        stop: () => stopped.reject(new Refusal("conflict", "The upload goes on elsewhere.")),
        ended: ended.promise,
      };
      writers.set(key, writer);
      try {
        return await write(key, octets, bounds, stopped.promise);
      } finally {
        writers.delete(key);
        ended.resolve();
      }
    },
    async hash(key) {
      const state = running.get(key);
      running.delete(key);
      if (state !== undefined && state.length === (await received(key))) {
        return new Uint8Array(state.hash.digest());
      }
      const hash = createHash("sha256");
      for await (const chunk of createReadStream(pathOf(key), { highWaterMark: 1024 * 1024 })) {
        if (chunk instanceof Uint8Array) hash.update(chunk);
      }
      return new Uint8Array(hash.digest());
    },
    async discard(key) {
      running.delete(key);
      writers.get(key)?.stop();
      await rm(pathOf(key), { force: true });
    },
    async list() {
      const found = [];
      for (const key of await readdir(directory)) {
        if (!keyPattern.test(key)) continue;
        found.push({ key, changedAt: (await stat(pathOf(key))).mtimeMs });
      }
      return found;
    },
    async freeBytes() {
      const { bavail, bsize } = await statfs(directory);
      return bavail * bsize;
    },
  };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
