import { expect, test } from "vitest";

import { voidReason } from "./ceiling-rule.ts";
import { median, percentile } from "./report.ts";

test("a percentile is a sample, and the order of the samples does not matter", () => {
  expect(percentile([5, 1, 4, 2, 3], 0.5)).toBe(3);
  expect(percentile([5, 1, 4, 2, 3], 0.99)).toBe(5);
  expect(median([7])).toBe(7);
  expect(percentile([], 0.5)).toBeNaN();
});

test("a slow ceiling voids the ratio instead of flattering it", () => {
  expect(voidReason(9.5, "chat")).toBeUndefined();
  expect(voidReason(16.5, "chat")).toContain("void");
});
