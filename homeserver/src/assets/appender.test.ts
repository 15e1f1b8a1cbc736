import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { giveBack } from "../platform/index.ts";
import { appendTo } from "./appender.ts";

/** A file that takes fewer octets at once than it is asked to, as a disk that is nearly full does. */
function stingyFile(atOnce: number) {
  const content: number[] = [];
  return {
    content,
    writev(pieces: readonly Uint8Array[], position: number) {
      let bytesWritten = 0;
      for (const piece of pieces) {
        const taken = piece.subarray(0, atOnce - bytesWritten);
        for (const octet of taken) content[position + bytesWritten++] = octet;
      }
      return Promise.resolve({ bytesWritten });
    },
  };
}

test("all pieces are in the file and in the hash, and then they are given back", async () => {
  const lengths = fc.array(fc.nat(300_000), { maxLength: 12 });
  await fc.assert(fc.asyncProperty(lengths, fc.nat(9), checkPieces), { numRuns: 20 });
});

async function checkPieces(lengths: readonly number[], from: number): Promise<void> {
  const all = lengths.map((length, index) => new Uint8Array(length).fill(index + 1));
  const pieces = all.map((piece) => piece.slice());
  const file = stingyFile(100_000);
  const hash = createHash("sha256");
  const appender = appendTo(file, { from, hash, spent: giveBack });
  for (const piece of pieces) await appender.add(piece);
  await appender.finish();
  const expected = Buffer.concat(all);
  expect(appender.end).toBe(from + expected.length);
  expect(Buffer.compare(Buffer.from(file.content.slice(from)), expected)).toBe(0);
  expect(hash.digest("hex")).toBe(createHash("sha256").update(expected).digest("hex"));
  expect(pieces.reduce((octets, { length }) => octets + length, 0)).toBe(0);
}

test("a write that fails is told by what is done next, and nothing of it is given back", async () => {
  const given: Uint8Array[] = [];
  const file = { writev: () => Promise.reject(new Error("no room")) };
  const appender = appendTo(file, { from: 0, hash: undefined, spent: (one) => given.push(one) });
  await appender.add(new Uint8Array(600_000));
  await expect(appender.add(new Uint8Array(600_000))).rejects.toThrow("no room");
  await expect(appender.finish()).rejects.toThrow("no room");
  expect(given).toEqual([]);
});
