import { join } from "node:path";

import { LIMITS } from "@treehouse/protocol";
import { expect, test } from "vitest";

import type { AssetProgress, AssetSource, Client } from "../../src/node.ts";
import { content } from "../world/contents.ts";
import { type CuttingProxy, startCuttingProxy } from "../world/cutting-proxy.ts";
import { openTestClient } from "../world/open-client.ts";
import { type Program, startProgram } from "../world/program.ts";
import { startServer } from "../world/server.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const MIB = 1024 * 1024;
const access = { kind: "bearer" } as const;

/** Made anew in the same place, so that all memory that is looked at is the SDK's own. */
function source(size: number): AssetSource {
  const scratch = new Uint8Array(LIMITS.assetChunkBytes);
  return {
    size,
    read: (offset, length) => Promise.resolve(content(length, offset, scratch.subarray(0, length))),
  };
}

const open = (program: Program, proxy: CuttingProxy, more: object = {}) =>
  openTestClient({
    account: "alice@localhost",
    server: proxy.url,
    store: join(program.directory, "alice.sqlite"),
    ...more,
  });

const fresh = { password: "correct horse battery staple", register: {} };

test(
  "R-082 R-085 a file goes up and down while its server is killed and connections are cut",
  { timeout: full ? 1_200_000 : 120_000 },
  async () => {
    const size = full ? 1024 * MIB : 8 * MIB;
    await using program = await startProgram();
    await using proxy = await startCuttingProxy(() => program.url);
    await using alice = await open(program, proxy, fresh);
    await alice.caughtUp();
    proxy.cutAfter = size / 3;
    let restarted: Promise<void> | undefined;
    proxy.onPassed = () => {
      if (restarted !== undefined || proxy.passed.up < size / 2) return;
      restarted = program.kill().then(() => program.start());
    };
    const told: AssetProgress[] = [];
    // What the first parts take, any file takes; a larger one must not take more.
    let [before, most] = [0, 0];
    const look = (done: number): void => {
      const { rss } = process.memoryUsage();
      if (done <= 32 * MIB) before = Math.max(before, rss);
      most = Math.max(most, rss);
    };
    const link = await alice.assets.upload(source(size), {
      access,
      onProgress(progress) {
        told.push(progress);
        look(progress.done);
      },
    });
    await restarted;
    expect(restarted).toBeDefined();
    expect(proxy.cuts).toBeGreaterThan(0);
    expect(told.at(-1)).toEqual({ done: size, total: size });
    // What had arrived was not sent again, but for what was on its way.
    expect(proxy.passed.up).toBeLessThan(size + (proxy.cuts + 3) * LIMITS.assetPartBytesMax);

    let down: Promise<void> | undefined;
    proxy.passed.down = 0;
    proxy.onPassed = () => {
      if (down !== undefined || proxy.passed.down < size / 2) return;
      down = program.kill().then(() => program.start());
    };
    let read = 0;
    const scratch = new Uint8Array(LIMITS.assetChunkBytes);
    for await (const piece of (await alice.assets.open(link)).stream()) {
      if (
        Buffer.compare(piece, content(piece.length, read, scratch.subarray(0, piece.length))) !== 0
      ) {
        throw new Error(`another content behind ${read}`);
      }
      read += piece.length;
      look(size);
    }
    await down;
    expect(read).toBe(size);
    expect(full ? most - before : 0).toBeLessThan(64 * MIB);
  },
);

test("R-082 an upload goes on in the client's next life, and begins anew if its source has changed", async () => {
  const size = LIMITS.assetPartBytesMax + MIB;
  await using server = await startServer();
  await using proxy = await startCuttingProxy(() => server.url);
  const options = { server: proxy.url };
  const resumeKey = "the file";
  const uploadHalf = async (client: Client, from: AssetSource): Promise<void> => {
    const stop = new AbortController();
    const onProgress = (): void => stop.abort();
    const half = client.assets.upload(from, { access, resumeKey, signal: stop.signal, onProgress });
    await expect(half).rejects.toMatchObject({ code: "aborted" });
  };
  const alice = await server.register("alice", options);
  await uploadHalf(alice, source(size));
  await alice.close();
  proxy.passed.up = 0;
  await using again = await server.open("alice", options);
  const link = await again.assets.upload(source(size), { access, resumeKey });
  expect(proxy.passed.up).toBeLessThan(2 * MIB);
  const opened = await again.assets.open(link);
  expect(Buffer.compare(await opened.read(0, size), content(size))).toBe(0);

  const changed = content(size);
  await uploadHalf(again, changed);
  changed[3] = 0xff;
  const other = await again.assets.upload(changed, { access, resumeKey });
  expect(other.key).not.toEqual(link.key);
  const reopened = await again.assets.open(other);
  expect(Buffer.compare(await reopened.read(0, size), changed)).toBe(0);
});
