import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { mutations } from "../mutants/mutations.ts";
import type { Regressions } from "./regression.ts";

const register = new URL("../mutants/register.ts", import.meta.url).href;
const runner = fileURLToPath(new URL("run.ts", import.meta.url));

/** How long a mutant that may hang may take, once started, until it counts as hanging. */
const deadlineMs = 1_500;
/** And how long altogether: this machine may be busy. */
const patienceMs = 60_000;

/** What the runner said last, or that it hung. */
function runApart(name: string, mutant = "", limitMs = patienceMs): Promise<string> {
  const child = spawn(process.execPath, ["--import", register, runner, name], {
    env: { ...process.env, TREEHOUSE_MLS_MUTANT: mutant, NODE_OPTIONS: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let [output, errors] = ["", ""];
    let timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.stdout.on("data", (chunk: Buffer) => {
      if (output === "") {
        clearTimeout(timer);
        timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
      }
      output += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (_code, signal) => {
      clearTimeout(timer);
      const [started, outcome] = output.trim().split("\n");
      if (started !== "started") reject(new Error(`the runner did not start: ${errors}`));
      else resolve(signal === "SIGKILL" ? "hangs" : (outcome ?? `ended without a word: ${errors}`));
    });
  });
}

/**
 * Each regression holds with the library as it is, and fails when its correction is put back: a
 * regression that could not fail would prove nothing.
 */
export function checkCorrections(regressions: Regressions): void {
  describe.each(Object.entries(regressions))("%s", (name, { title, run, mayHang, mutants }) => {
    test(`${name}: ${title}`, { timeout: 2 * patienceMs }, async () => {
      const outcome = mayHang === true ? await runApart(name) : await run().then(() => "passed");
      expect(outcome).toBe("passed");
    });

    for (const mutant of mutants ?? [name]) {
      test(`fails with mutant ${mutant}`, { timeout: 2 * patienceMs }, async () => {
        expect(Object.keys(mutations)).toContain(mutant);
        const failure = mayHang === true ? /^(hangs|failed: .*)$/ : /^failed: /;
        const limitMs = mayHang === true ? deadlineMs : patienceMs;
        expect(await runApart(name, mutant, limitMs)).toMatch(failure);
      });
    }
  });
}
