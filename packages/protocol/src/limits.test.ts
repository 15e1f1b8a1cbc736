import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { limitNames, LIMITS, RATE_LIMITS, rateLimitNames } from "./limits.ts";

const source = readdirSync(new URL(".", import.meta.url))
  .filter((name) => name.endsWith("limits.ts"))
  .map((file) => readFileSync(new URL(file, import.meta.url), "utf8"))
  .join("\n");

test("every limit is a positive integer with a sentence that says what it bounds", () => {
  expect(limitNames.length).toBe(Object.keys(LIMITS).length);
  for (const name of limitNames) {
    expect(Number.isSafeInteger(LIMITS[name]) && LIMITS[name] > 0).toBe(true);
    expect(source).toMatch(new RegExp(`/\\*\\* [^\\n]+\\. \\*/\\n  ${name}:`));
  }
});

test("every rate has a sentence and allows something", () => {
  expect(rateLimitNames.length).toBe(Object.keys(RATE_LIMITS).length);
  for (const name of rateLimitNames) {
    const { count, perMs } = RATE_LIMITS[name];
    expect(count > 0 && perMs > 0).toBe(true);
    expect(source).toMatch(new RegExp(`/\\*\\* [^\\n]+\\. \\*/\\n  ${name}:`));
  }
});

test("what one request carries fits into the bounds of its path", () => {
  const commit = LIMITS.handshakeBytesMax + LIMITS.welcomeBytesMax + LIMITS.groupInfoBytesMax;
  expect(commit + LIMITS.applicationMessageBytesMax).toBeLessThan(LIMITS.requestBodyBytesMax);
  expect(LIMITS.requestBodyBytesMax).toBeLessThan(LIMITS.frameBytesMax);
  expect(LIMITS.keyPackageBytesMax * LIMITS.keyPackageUploadMax).toBeLessThan(
    LIMITS.requestBodyBytesMax,
  );
  expect(LIMITS.ratchetTreeBytesMax).toBeLessThan(LIMITS.responseBodyBytesMax);
  expect(LIMITS.entryBytesMax).toBeLessThan(LIMITS.frameBytesMax);
  expect(LIMITS.takeOverBodyBytesMax).toBeLessThan(LIMITS.bodiesBytesPerUserMax);
});

test("a room of as many as there may be is introduced to a server by one item", () => {
  const clientBytes = 4 + 2 + LIMITS.uriBytesMax;
  const around = LIMITS.entryBytesMax + LIMITS.welcomeBytesMax + LIMITS.groupInfoBytesMax;
  const introduction = LIMITS.treeLeavesMax * clientBytes + around;
  expect(introduction).toBeLessThan(LIMITS.batchItemBytesMax);
  expect(LIMITS.batchBytesMax + LIMITS.batchItemBytesMax).toBeLessThan(LIMITS.notifyBodyBytesMax);
});
