import { afterAll, expect, test } from "vitest";
import { runSeed, Templates } from "./index.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const seeds = full ? 500 : 10;
const twice = full ? 50 : 1;

const templates = new Templates();

afterAll(() => templates.discard());

test(
  `R-019 ${seeds} seeds of servers and clients that fail in every way lose, double and reorder nothing`,
  { timeout: 1_200_000 },
  async () => {
    let crashes = 0;
    let accepted = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const result = await runSeed(templates, seed);
      expect(result.violations, `npm run sim -- --seeds 1 --seed ${seed}`).toEqual([]);
      crashes += result.crashes;
      accepted += result.accepted;
    }
    expect(crashes, "processes die").toBeGreaterThan(seeds);
    expect(accepted, "messages are taken").toBeGreaterThan(5 * seeds);
  },
);

test(
  "the same seed is the same run, in memory and over real files",
  { timeout: 600_000 },
  async () => {
    for (let seed = 1; seed <= twice; seed += 1) {
      for (const tier of ["light", "real"] as const) {
        const one = await runSeed(templates, seed, { tier });
        const other = await runSeed(templates, seed, { tier });
        expect(one.violations).toEqual([]);
        expect([other.hash, other.steps]).toEqual([one.hash, one.steps]);
      }
    }
  },
);
