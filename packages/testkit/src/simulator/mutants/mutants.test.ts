import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mutants } from "./list.ts";
import { runMutant } from "./run.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const root = new URL("../../../../../", import.meta.url);

test("each planted bug fits into the code in exactly one place", () => {
  expect(mutants.length).toBeGreaterThanOrEqual(25);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  for (const { name, file, find, replace } of mutants) {
    const text = readFileSync(new URL(file, root), "utf8");
    expect([name, text.split(find).length - 1]).toEqual([name, 1]);
    expect(replace).not.toBe(find);
  }
});

test.runIf(full)(
  "the simulator finds every planted bug within 500 seeds",
  { timeout: 4 * 3_600_000 },
  async () => {
    const others: string[] = [];
    for (const mutant of mutants) {
      const { name, verdict } = await runMutant(mutant, 500);
      if (verdict !== "killed") others.push(`${verdict}: ${name}`);
    }
    expect(others).toEqual([]);
  },
);
