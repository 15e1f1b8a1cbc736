/** `npm run sim -- --seeds N [--seed S] [--json] [--trace] [--faults JSON]`: see docs/testing.md. */
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import type { Faults } from "./faults.ts";
import { seedsForAll, unreached } from "./probes.ts";
import { runSeed, type SeedResult } from "./run-seed.ts";
import { shrink } from "./shrink.ts";
import { Templates } from "./template.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
    "fail-fast": { type: "boolean", default: false },
    faults: { type: "string", default: "{}" },
    brief: { type: "boolean", default: false },
  },
});
const first = numberOf("seed", values.seed);
const count = numberOf("seeds", values.seeds);
const say = (text: string): void => {
  if (!values.json) console.log(text);
};

const overrides: Partial<Faults> = JSON.parse(values.faults);
const templates = new Templates();
const probes = new Map<string, number>();
const total = { accepted: 0, refused: 0, crashes: 0, steps: 0, settledMsMax: 0 };
const failed: number[] = [];
let ran = 0;
const from = performance.now();
const cpuFrom = process.cpuUsage();
for (let seed = first; seed < first + count; seed += 1) {
  const result = await runSeed(templates, seed, overrides);
  ran += 1;
  add(result);
  if (values.trace) console.log(result.trace.join("\n"));
  if (result.violations.length === 0) continue;
  failed.push(seed);
  await report(result);
  if (values["fail-fast"]) break;
}
const seconds = (performance.now() - from) / 1_000;
const cpu = process.cpuUsage(cpuFrom);
const cpuSeconds = (cpu.user + cpu.system) / 1e6;
await templates.discard();
for (const [name, times] of sorted(probes)) say(`${String(times).padStart(8)}  ${name}`);
const missing = ran >= seedsForAll ? unreached(probes, ran) : [];
for (const name of missing) say(`never reached: ${name}`);
const summary = {
  seeds: ran,
  violations: failed.length,
  seedsPerSecond: Number((ran / seconds).toFixed(2)),
  /** Of one core, whoever else was using the machine. */
  seedsPerCpuSecond: Number((ran / cpuSeconds).toFixed(2)),
  ...total,
  failed,
  unreached: missing,
  ...(values.json ? { probes: Object.fromEntries(sorted(probes)) } : {}),
};
console.log(JSON.stringify(summary));
process.exitCode = failed.length === 0 && missing.length === 0 ? 0 : 1;

function add({ accepted, refused, crashes, steps, settledMs, probes: reached }: SeedResult): void {
  total.accepted += accepted;
  total.refused += refused;
  total.crashes += crashes;
  total.steps += steps;
  total.settledMsMax = Math.max(total.settledMsMax, Math.round(settledMs));
  for (const [name, times] of reached) probes.set(name, (probes.get(name) ?? 0) + times);
}

/** The seed, the commit, and the least that still fails. */
async function report(result: SeedResult): Promise<void> {
  say(`seed ${result.seed} at ${commit()} breaks ${result.violations.length} promises:`);
  for (const text of result.violations.slice(0, 10)) say(`  ${text}`);
  if (values.json || values.brief) return;
  const { overrides: needed, result: least } = await shrink(templates, result, overrides);
  say(`it still fails with --faults '${JSON.stringify(needed)}':`);
  for (const text of least.violations.slice(0, 10)) say(`  ${text}`);
  say(least.trace.map((line) => `    ${line}`).join("\n"));
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "an unknown commit";
  }
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  console.error(`--${name} is a whole number; it was "${text}".`);
  process.exit(2);
}

function sorted(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
