import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { killAtRandom } from "../torture/kills.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";

test(
  "R-008 SIGKILL at random moments while two send: what was accepted comes once, in one order, to all",
  { timeout: full ? 1_200_000 : 120_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "treehouse-kills-"));
    const count = full ? 100 : 3;
    const order = { seed: 1, count, directory, say: () => undefined };
    const { figures, violations } = await killAtRandom(order, ["alpha"]);
    rmSync(directory, { recursive: true });
    expect(violations).toEqual([]);
    expect(figures["kills"]).toBe(count);
  },
);
