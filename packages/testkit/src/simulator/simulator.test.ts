import { afterAll, beforeAll, expect, test } from "vitest";
import { discard, makeTemplate, runSeed, type Template } from "./index.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const seeds = full ? 300 : 3;
const twice = full ? 50 : 1;

let template: Template;

beforeAll(async () => {
  template = await makeTemplate();
}, 120_000);

afterAll(() => discard(template.directory));

test(
  `R-019 ${seeds} seeds of servers and clients that fail in every way lose, double and reorder nothing`,
  { timeout: 1_200_000 },
  async () => {
    let crashes = 0;
    let accepted = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const result = await runSeed(template, seed);
      expect(result.violations, `npm run sim -- --seeds 1 --seed ${seed}`).toEqual([]);
      crashes += result.crashes;
      accepted += result.accepted;
    }
    expect(crashes, "processes die").toBeGreaterThan(seeds);
    expect(accepted, "messages are taken").toBeGreaterThan(5 * seeds);
  },
);

test("the same seed is the same run", { timeout: 600_000 }, async () => {
  for (let seed = 1; seed <= twice; seed += 1) {
    const [one, other] = [await runSeed(template, seed), await runSeed(template, seed)];
    expect([other.hash, other.steps]).toEqual([one.hash, one.steps]);
  }
});
