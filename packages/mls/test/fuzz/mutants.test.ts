import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

const child = fileURLToPath(new URL("child.ts", import.meta.url));
const register = fileURLToPath(new URL("../mutants/register.ts", import.meta.url));

// Not B2: members learn of their own removal from the rule that everybody applies.
const all = ["B1", "B11", "B12", "B12a", "B12b", "B13", "B13a", "B13b", "B13c"];
const isFull = process.env["TREEHOUSE_SCALE"] === "full";
const [mutants, soundSeeds] = isFull ? [all, 3] : [["B1", "B12", "B13"], 1];

test("the fuzz passes with the corrected library", async () => {
  const { code, output } = await fuzz("", soundSeeds);
  expect(output).toBe("");
  expect(code).toBe(0);
});

test.each(mutants)("the fuzz fails when %s is put back", async (mutant) => {
  const { code, output } = await fuzz(mutant, 12);
  expect(output).toMatch(/^seed \d+, step \d+: /);
  expect(code).toBe(3);
});

/** A process of its own: the library's modules can be exchanged only while they are loaded. */
function fuzz(mutant: string, seeds: number): Promise<{ code: number | null; output: string }> {
  const args = ["--import", register, child, "1", String(seeds), "40"];
  const env = { ...process.env, TREEHOUSE_MLS_MUTANT: mutant };
  const running = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  running.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    running.on("error", reject);
    running.on("close", (code) => resolve({ code, output: output.trim() }));
  });
}
