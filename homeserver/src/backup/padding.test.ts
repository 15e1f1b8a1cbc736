import fc from "fast-check";
import { expect, test } from "vitest";
import { paddedLength } from "./padding.ts";

const mebi = 1024 * 1024;

test("T-11 T-37 the size of a backup tells little of what is in it, and costs at most an eighth", () => {
  expect(new Set([1, 1000, mebi].map(paddedLength))).toEqual(new Set([mebi]));
  fc.assert(
    fc.property(fc.integer({ min: mebi, max: 2 ** 45 }), (length) => {
      const padded = paddedLength(length);
      expect(padded).toBeGreaterThanOrEqual(length);
      expect(padded).toBeLessThanOrEqual(length * 1.125);
      expect(paddedLength(padded)).toBe(padded);
      expect(paddedLength(length + 1)).toBeGreaterThanOrEqual(padded);
    }),
  );
  const sizes = new Set(
    Array.from({ length: 10_000 }, (_, index) => paddedLength(64 * mebi + index * 6_400)),
  );
  // Ten thousand different lengths between 64 and 128 MiB come in thirty-three sizes.
  expect(sizes.size).toBeLessThanOrEqual(33);
});
