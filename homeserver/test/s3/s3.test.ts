import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blobStoreContract } from "../../src/assets/blobs/blob-store.contract.ts";
import { createS3Blobs } from "../../src/assets/blobs/index.ts";
import { createNodeEnv, createObjectStore } from "../../src/platform/index.ts";
import { s3Credentials, startS3Server } from "./s3-server.ts";
import type { S3Server } from "./s3-server.ts";

const env = createNodeEnv({ log: { level: "silent" } });
const key = "e".repeat(64);

let server: S3Server;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(() => server[Symbol.asyncDispose]());

const openBlobs = (more: object = {}) =>
  createS3Blobs(createObjectStore(env, { ...s3Credentials, endpoint: server.url, ...more }));

function fileOf(length: number): string {
  const path = join(mkdtempSync(join(tmpdir(), "treehouse-s3-")), "file");
  writeFileSync(path, Buffer.alloc(length, 7));
  return path;
}

describe("blobs in an object store", () => {
  blobStoreContract(async () => {
    server.objects.clear();
    return { blobs: openBlobs(), again: () => Promise.resolve(openBlobs()) };
  });

  test("what is large goes in parts, and is there once all of them are", async () => {
    const size = 17 * 1024 * 1024;
    await openBlobs().adopt(key, fileOf(size), size);
    expect(server.objects.get(key)?.length).toBe(size);
    expect(server.parts.size).toBe(0);
    expect(server.refused).toEqual([]);
  });

  test("what the store cannot do just now is asked again, and its refusals are told", async () => {
    server.objects.clear();
    server.faults.push(503, 500);
    await openBlobs().adopt(key, fileOf(100), 100);
    expect(server.objects.get(key)?.length).toBe(100);
    server.faults.push(507);
    await expect(openBlobs().adopt("f".repeat(64), fileOf(100), 100)).rejects.toMatchObject({
      code: "storageFull",
    });
  });

  test("who has another secret gets nothing", async () => {
    await expect(openBlobs({ secretAccessKey: "wrong" }).has(key)).rejects.toThrow("403");
    expect(server.refused).toEqual(["another signature"]);
  });
});
