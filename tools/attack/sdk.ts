import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startVitest } from "vitest/node";
import type { TestCase } from "vitest/node";

/** Skipped: what it needs is not on this machine. */
type Held = "held" | "failed" | "skipped";

/** What became of one number at our own programs. */
export type SdkVerdict = {
  readonly rule: string;
  readonly what: string;
  readonly result: "PASS" | "FAIL" | "SKIP";
  readonly checks: readonly { readonly check: string; readonly result: Held }[];
};

const root = fileURLToPath(new URL("../../", import.meta.url));

/**
 * Attacks that need a hub, a member or a client that lies to our SDK, or a look inside: the tests
 * whose titles have the number, in this process. Their files run whole: tests of one file share a world.
 */
export async function attackSdk(out: (line: string) => void): Promise<readonly SdkVerdict[]> {
  // The rest is the kit's alone.
  const rows = attackRows().filter(({ tests, inKit }) => tests.length > 0 || !inKit);
  const files = [...new Set(rows.flatMap(({ tests }) => tests))];
  const vitest = await startVitest("test", files, {
    root,
    watch: false,
    reporters: [],
    // Somebody who runs this has other work on the machine.
    testTimeout: 60_000,
  });
  const cases = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()]);
  const verdicts = rows.map(({ id, what, tests, remark }): SdkVerdict => {
    if (tests.length === 0) {
      return { rule: id, what: `${what}: ${remark}`, result: "SKIP", checks: [] };
    }
    const own = cases.filter(
      ({ fullName, module }) =>
        fullName.includes(id) && tests.some((file) => module.moduleId.endsWith(file)),
    );
    const checks = own.map((one) => ({ check: one.fullName, result: resultOf(one) }));
    const some = (result: Held): boolean => checks.some((each) => each.result === result);
    const isRun = checks.length > 0 && !some("failed");
    return { rule: id, what, result: isRun ? (some("skipped") ? "SKIP" : "PASS") : "FAIL", checks };
  });
  await vitest.close();
  for (const { rule, what, result, checks } of verdicts) {
    out(`${result} ${rule} ${what}${checks.length === 0 ? "" : ` (${checks.length} tests)`}`);
    for (const one of checks.filter((each) => each.result !== "held")) out(`     ${one.check}`);
  }
  const count = (wanted: SdkVerdict["result"]) =>
    verdicts.filter(({ result }) => result === wanted).length;
  out(`${count("PASS")} passed, ${count("FAIL")} failed, ${count("SKIP")} skipped`);
  return verdicts;
}

function resultOf(one: TestCase): Held {
  const { state } = one.result();
  if (state === "skipped") return "skipped";
  return state === "passed" ? "held" : "failed";
}

export type AttackRow = {
  readonly id: string;
  readonly what: string;
  readonly inKit: boolean;
  /** Empty for what is the kit's alone, or does not concern what exists. */
  readonly tests: readonly string[];
  /** What stands instead of tests. */
  readonly remark: string;
};

/** The table of docs/testing.md, which a test compares with what there is. */
export function attackRows(): readonly AttackRow[] {
  const text = readFileSync(`${root}docs/testing.md`, "utf8");
  return [...text.matchAll(/^\| ([TH]-\d\d) +\| (.+?) +\| (yes|no) +\| (.+?) +\|$/gm)].map(
    ([, id = "", what = "", kit = "", remark = ""]) => ({
      id,
      what,
      inKit: kit === "yes",
      tests: [...remark.matchAll(/`([^`]+)`/g)].map(([, file = ""]) => file),
      remark,
    }),
  );
}
