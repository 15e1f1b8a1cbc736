import { LIMITS } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { Patience } from "./patience.ts";

test("a peer that answers at once is asked again after moments, a slow one is given its time", () => {
  const patience = new Patience();
  expect(patience.msFor(0)).toBe(6_000);
  for (let count = 0; count < 500; count += 1) patience.answered(5);
  expect(patience.msFor(0)).toBeLessThan(2_100);
  expect(patience.msFor(128_000)).toBeLessThan(4_100);
  patience.answered(3_000);
  expect(patience.msFor(0)).toBe(14_000);
  for (let count = 0; count < 10; count += 1) patience.answered(5);
  expect(patience.msFor(0)).toBeGreaterThan(10_000);
});

test("nobody is waited for longer than the limit", () => {
  const patience = new Patience();
  patience.answered(60_000);
  expect(patience.msFor(0)).toBe(LIMITS.peerTimeoutMs);
  expect(new Patience().msFor(LIMITS.batchBytesMax * 2)).toBe(LIMITS.peerTimeoutMs);
});
