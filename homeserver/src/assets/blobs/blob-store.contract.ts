import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { BlobGone } from "./blob-store.ts";
import type { BlobStore } from "./blob-store.ts";

/** How every adapter of `BlobStore` behaves. `open` gives an empty store, and how to open it again. */
export function blobStoreContract(
  open: () => Promise<{ readonly blobs: BlobStore; readonly again: () => Promise<BlobStore> }>,
): void {
  const folder = mkdtempSync(join(tmpdir(), "treehouse-adopted-"));
  const key = (digit: string): string => digit.repeat(64);
  let files = 0;
  const file = (octets: Uint8Array): string => {
    const path = join(folder, `file-${(files += 1)}`);
    writeFileSync(path, octets);
    return path;
  };
  const some = (length: number): Uint8Array =>
    Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 255);
  const read = async (blobs: BlobStore, name: string, offset: number, length: number) => {
    const parts: Uint8Array[] = [];
    for await (const part of blobs.read(name, offset, length)) parts.push(part.slice());
    return Buffer.concat(parts);
  };
  const keys = async (blobs: BlobStore): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { key: name, changedAt } of blobs.list()) {
      if (Number.isFinite(changedAt)) found.push(name);
    }
    return found.toSorted();
  };

  test("a file becomes a blob that is read in any range, also by whoever opens the store later", async () => {
    const { blobs, again } = await open();
    const content = some(3_000_000);
    const path = file(content);
    expect(await blobs.has(key("a"))).toBe(false);
    await blobs.adopt(key("a"), path, content.length);
    expect(existsSync(path)).toBe(false);
    for (const store of [blobs, await again()]) {
      expect(await store.has(key("a"))).toBe(true);
      for (const [offset, length] of [
        [0, content.length],
        [0, 1],
        [content.length - 1, 1],
        [1_048_575, 1_048_578],
      ] as const) {
        const got = await read(store, key("a"), offset, length);
        expect(Buffer.compare(got, content.subarray(offset, offset + length))).toBe(0);
      }
    }
  });

  test("a blob stays what it is, and the file that comes for it again goes", async () => {
    const { blobs } = await open();
    await blobs.adopt(key("b"), file(some(10)), 10);
    const other = file(new Uint8Array(10));
    await blobs.adopt(key("b"), other, 10);
    expect(existsSync(other)).toBe(false);
    expect(Buffer.compare(await read(blobs, key("b"), 0, 10), some(10))).toBe(0);
  });

  test("blobs are listed, and are gone once they are deleted", async () => {
    const { blobs } = await open();
    expect(await keys(blobs)).toEqual([]);
    for (const digit of ["c", "1", "d"]) await blobs.adopt(key(digit), file(some(20)), 20);
    expect(await keys(blobs)).toEqual([key("1"), key("c"), key("d")]);
    await blobs.delete(key("c"));
    await blobs.delete(key("c"));
    expect(await keys(blobs)).toEqual([key("1"), key("d")]);
    expect(await blobs.has(key("c"))).toBe(false);
    await expect(read(blobs, key("c"), 0, 1)).rejects.toThrow(BlobGone);
  });

  test("T-30 only keys of ours name blobs", async () => {
    const { blobs } = await open();
    for (const name of ["", "../x", `${key("a")}/..`, "A".repeat(64), `${"a".repeat(63)}\0`]) {
      await expect(blobs.adopt(name, file(some(1)), 1)).rejects.toThrow("This is no key");
      await expect(read(blobs, name, 0, 1)).rejects.toThrow("This is no key");
    }
  });
}
