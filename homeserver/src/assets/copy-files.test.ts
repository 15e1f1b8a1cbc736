import { mkdtempSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mintAssetUri, parseDomain } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { openCopyFiles } from "./copy-files.ts";
import { blobKeyOf } from "./keys.ts";

const asset = mintAssetUri(parseDomain("away.example"), (length) => new Uint8Array(length));

async function world() {
  const folder = mkdtempSync(join(tmpdir(), "treehouse-copy-files-"));
  const files = await openCopyFiles(folder, new Set());
  const onDisk = (): number =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, { name, parentPath }) => sum + statSync(join(parentPath, name)).size, 0);
  return { files, folder, onDisk };
}

test("a piece that is written again is counted once, as it is on the disk", async () => {
  const { files, onDisk } = await world();
  for (const octets of [1000, 1000, 700]) await files.write(asset, 0, new Uint8Array(octets));
  await files.write(asset, 1, new Uint8Array(10));
  expect([files.bytes, onDisk()]).toEqual([710, 710]);
});

test("what is counted is what is there, whoever writes and deletes at once", async () => {
  const { files, folder, onDisk } = await world();
  const acts = Array.from({ length: 60 }, (_, count) =>
    count % 5 === 4 ? files.delete(asset) : files.write(asset, count % 3, new Uint8Array(count)),
  );
  await Promise.all(acts);
  expect(files.bytes).toBe(onDisk());
  const again = await openCopyFiles(folder, new Set([blobKeyOf(asset)]));
  expect(again.bytes).toBe(files.bytes);
  await again.delete(asset);
  expect([again.bytes, onDisk()]).toEqual([0, 0]);
});
