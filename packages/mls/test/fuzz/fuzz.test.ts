import { afterAll, describe, expect, test } from "vitest";

import { hostileActs } from "./hostile.ts";
import { operations } from "./operations.ts";
import { runSeed } from "./run-seed.ts";

const isFull = process.env["TREEHOUSE_SCALE"] === "full";
const seeds = Array.from({ length: isFull ? 1000 : 8 }, (_, index) => index + 1);
const steps = 40;

describe("random histories of a group", () => {
  const tally = new Map<string, number>();

  test.each(seeds)(
    "R-002 T-01 T-09 FED-984 FED-987 FED-988 FED-989 members and hub agree after every step of seed %i",
    async (seed) => {
      await expect(runSeed(seed, steps, tally)).resolves.toBeUndefined();
    },
  );

  test("every operation and every hostile act occurred", () => {
    const names = [...Object.keys(operations), ...hostileActs.map(({ name }) => name)];
    expect(names.filter((name) => !tally.has(name))).toEqual([]);
  });

  afterAll(() => {
    const total = [...tally.values()].reduce((sum, count) => sum + count, 0);
    console.log(`${seeds.length} seeds, ${total} operations: 0 disagreements`);
  });
});
