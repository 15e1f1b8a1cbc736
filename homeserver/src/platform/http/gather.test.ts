import { expect, test } from "vitest";
import { gather } from "./gather.ts";

const pieces = (sizes: readonly number[]): readonly Uint8Array[] =>
  sizes.map((size, index) => new Uint8Array(size).fill(index + 1));

const joined = (all: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(Buffer.concat(all.map((piece) => Buffer.from(piece))));

test.each([
  ["nothing is announced", 0],
  ["the length is announced", 150_000],
  ["less is announced than comes", 70_000],
  ["far more is announced than comes", 10_000_000],
  ["what is announced is no number", Number.NaN],
])("pieces are put together, also if %s", (_, announced) => {
  for (const sizes of [[65_536, 65_536, 18_928], [1, 1, 1], [100], []]) {
    const all = pieces(sizes);
    const gathered = gather(announced);
    for (const piece of all) gathered.add(piece);
    const whole = gathered.finish();
    expect(gathered.length).toBe(joined(all).length);
    expect(whole).toEqual(joined(all));
    expect(whole.buffer.byteLength).toBe(whole.length);
  }
});

test("what is announced costs nothing before a good part of it has come", () => {
  const gathered = gather(64 * 1024 * 1024);
  const before = process.memoryUsage().arrayBuffers;
  gathered.add(new Uint8Array(10));
  gathered.add(new Uint8Array(10));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  expect(gathered.finish()).toHaveLength(20);
});

test("what is gathered is an array of its own", () => {
  const piece = new Uint8Array(8);
  const gathered = gather(8);
  gathered.add(piece);
  const whole = gathered.finish();
  piece.fill(9);
  expect(whole).toEqual(new Uint8Array(8));
});
