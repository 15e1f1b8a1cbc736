import { expect, test } from "vitest";
import type { Pending } from "./item.ts";
import { Tail } from "./tail.ts";

const item = (sequence: number, length = 100): Pending => ({
  sequence,
  form: "consent",
  room: undefined,
  position: 0,
  addedAt: 0,
  entry: undefined,
  rest: new Uint8Array(length),
});

test("the newest items are there, by their sequence, until they are dropped", () => {
  const memory = { bytes: 0, bytesMax: 1e9 };
  const tail = new Tail(memory);
  for (let sequence = 5; sequence <= 3_000; sequence += 1) tail.push(item(sequence));
  expect(tail.get(4)).toBeUndefined();
  expect(tail.get(5)?.sequence).toBe(5);
  expect(tail.get(3_001)).toBeUndefined();
  tail.dropUpTo(2_000);
  expect(tail.get(2_000)).toBeUndefined();
  expect(tail.get(2_001)?.sequence).toBe(2_001);
  expect(tail.size).toBe(1_000);
  tail.dropUpTo(9_999);
  expect(tail.size).toBe(0);
  expect(memory.bytes).toBe(0);
  tail.push(item(7_000));
  expect(tail.get(7_000)?.sequence).toBe(7_000);
});

test("an item that does not follow the others takes their place", () => {
  const tail = new Tail({ bytes: 0, bytesMax: 1e9 });
  tail.push(item(1));
  tail.push(item(2));
  tail.push(item(4));
  expect([1, 2, 3, 4].map((sequence) => tail.get(sequence)?.sequence)).toEqual([
    undefined,
    undefined,
    undefined,
    4,
  ]);
});

test("H-10 a tail is bounded in items and octets, and all of them together are", () => {
  const memory = { bytes: 0, bytesMax: 20_000_000 };
  const [one, other] = [new Tail(memory), new Tail(memory)];
  for (let sequence = 1; sequence <= 20_000; sequence += 1) one.push(item(sequence, 10));
  expect(one.size).toBe(16_384);
  for (let sequence = 1; sequence <= 100; sequence += 1) other.push(item(sequence, 1_000_000));
  expect(other.size).toBeLessThan(10);
  expect(other.get(100)?.sequence).toBe(100);
  expect(memory.bytes).toBeLessThan(20_000_000);
  // A single item is kept whatever its length.
  const large = new Tail({ bytes: 0, bytesMax: 10 });
  large.push(item(1, 1_000));
  expect(large.size).toBe(1);
});
