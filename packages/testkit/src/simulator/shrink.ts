import { type Faults, off } from "./faults.ts";
import { runSeed, type SeedResult } from "./run-seed.ts";
import type { Templates } from "./template.ts";

/** The least that still breaks the same promise. */
export type Shrunk = { readonly overrides: Partial<Faults>; readonly result: SeedResult };

/**
 * Takes a failing seed apart: fewer messages, a shorter time, and each kind of fault left out that
 * the failure does not need. A change stays if the same promise is still broken. Draws come from a
 * stream for each purpose, so that what is left out moves nothing else.
 */
export async function shrink(
  templates: Templates,
  failed: SeedResult,
  given: Partial<Faults> = {},
): Promise<Shrunk> {
  const wanted = promiseOf(failed);
  let best: Shrunk = { overrides: given, result: failed };
  const attempt = async (change: Partial<Faults>): Promise<boolean> => {
    const overrides = { ...best.overrides, ...change };
    const result = await runSeed(templates, failed.seed, overrides);
    if (promiseOf(result) !== wanted) return false;
    best = { overrides, result };
    return true;
  };
  for (const [name, value] of Object.entries(off)) {
    if (Reflect.get(best.result.faults, name) !== value) await attempt({ [name]: value });
  }
  for (const name of ["messages", "membershipChanges", "cuts", "faultsForMs"] as const) {
    while (best.result.faults[name] > 1) {
      if (!(await attempt({ [name]: Math.floor(best.result.faults[name] / 2) }))) break;
    }
  }
  if (best.result.faults.size === "large") await attempt({ size: "small" });
  if (best.result.faults.tier === "real") await attempt({ tier: "light" });
  return best;
}

/** Which promise was broken first. */
function promiseOf({ violations }: SeedResult): string | undefined {
  return violations[0]?.split(":", 1)[0];
}
