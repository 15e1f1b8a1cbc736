/** `npm run fuzz -- [--minutes N] [--inputs N] [--threads N] [--target NAME] [--seed S] [--keep] [--json]`. */
import { fromHex, toHex } from "@treehouse/protocol";
import { parseArgs } from "node:util";
import { keep, readCorpus } from "./corpus.ts";
import type { Report } from "./outcome.ts";
import { joined, runTwice } from "./supervise.ts";
import { FUZZ_LIMITS } from "./target.ts";
import { targets } from "./targets/index.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string" },
    inputs: { type: "string" },
    threads: { type: "string", default: "1" },
    target: { type: "string", multiple: true },
    seed: { type: "string" },
    input: { type: "string" },
    keep: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** A target whose inputs take milliseconds has so many times fewer than another one. */
const dearShare = 50;

const help = `Usage: npm run fuzz -- [options]

Ctrl-C (SIGINT or SIGTERM) ends it with the figures of what was done.

  --minutes N      how long, shared among the targets (default 5, without an end if there are --inputs)
  --inputs N       end with so many: a target whose inputs take milliseconds has a fiftieth of another's
  --threads N      how many targets at once (default 1)
  --target NAME    only this one; may be given several times
  --seed S         begin the dice there (default: another one each time; it is printed)
  --input HEX      give one input to the target, as a finding shows it, and tell what became of it
  --keep           add inputs that reached something new to the kept ones
  --json           print the last line alone

Targets:
${targets.map(({ name, reads }) => `  ${name.padEnd(16)} ${reads}`).join("\n")}
`;

const say = (text: string): void => {
  if (!values.json) console.log(text);
};

if (values.help) {
  console.log(help);
} else {
  const chosen = chosenTargets();
  if (values.input === undefined) await fuzz(chosen);
  else await judgeOne(values.input, chosen);
}

async function fuzz(chosen: typeof targets): Promise<void> {
  const seed = numberOf("seed", values.seed ?? String(Date.now() % 1_000_000));
  const threads = numberOf("threads", values.threads);
  const budget = budgetOf(chosen, threads);
  say(`seed ${seed}, ${chosen.length} targets, ${budget.text}`);
  const reports: Report[] = [];
  const modulePath = new URL("targets/index.ts", import.meta.url).href;
  const waiting = [...chosen];
  const over = new AbortController();
  // A run that is cut counts for what it did; a second signal ends it at once.
  const end = (): void => {
    waiting.length = 0;
    over.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await fuzzOne(next);
  };
  const fuzzOne = async (target: (typeof targets)[number]): Promise<void> => {
    const { name } = target;
    const corpus = readCorpus(name).map(toHex);
    const { hungMs } = FUZZ_LIMITS;
    const job = { target: name, modulePath, seed, ...budget.of(target), corpus, hungMs };
    const { reports: parts, fresh } = await runTwice(job, over.signal);
    const report = joined(parts);
    reports.push(report);
    tell(report);
    if (values.keep) say(`         ${keep(name, fresh.map(fromHex))} inputs kept`);
  };
  await Promise.all(Array.from({ length: threads }, work));
  const findings = reports.flatMap((report) =>
    report.findings.map(({ kind, what, input }) => ({ target: report.target, kind, what, input })),
  );
  const seconds = reports.reduce((sum, report) => sum + report.seconds, 0);
  const inputs = reports.reduce((sum, report) => sum + report.inputs, 0);
  const slowestMs = Math.round(Math.max(...reports.map((report) => report.slowestMs)));
  const count = (kind: string) => findings.filter((one) => one.kind === kind).length;
  const [errors, slow, memory, hung] = ["error", "slow", "memory", "hung"].map(count);
  const summary = { seed, targets: reports.length, inputs, errors, slow, memory, hung, slowestMs };
  console.log(JSON.stringify({ ...summary, seconds: Math.round(seconds), findings }));
  process.exitCode = findings.length === 0 ? 0 : 1;
}

/** Time that is the same for all, or inputs that are not. */
function budgetOf(chosen: typeof targets, threads: number) {
  const { inputs, minutes } = values;
  const timeOf = (text: string) => (numberOf("minutes", text) * 60_000 * threads) / chosen.length;
  if (inputs === undefined) {
    const ms = timeOf(minutes ?? "5");
    return { text: `${Math.round(ms / 1_000)} s for each`, of: () => ({ ms }) };
  }
  const shareOf = ({ dear }: (typeof targets)[number]) => (dear === true ? 1 : dearShare);
  const all = chosen.reduce((sum, target) => sum + shareOf(target), 0);
  const each = numberOf("inputs", inputs) / all;
  const ms = minutes === undefined ? Number.MAX_SAFE_INTEGER : timeOf(minutes);
  const of = (target: (typeof targets)[number]) => ({
    inputs: Math.ceil(each * shareOf(target)),
    ms,
  });
  return { text: `${inputs} inputs`, of };
}

function tell({ target, inputs, seconds, slowestMs, outcomes, findings, reached }: Report): void {
  const speed = Math.round(inputs / Math.max(seconds, 0.001));
  const words = Object.entries(outcomes).map(([word, times]) => `${word} ${times}`);
  say(
    `${findings.length === 0 ? "ok  " : "FAIL"} ${target.padEnd(16)} ${inputs} inputs, ${speed}/s, ` +
      `slowest ${slowestMs.toFixed(1)} ms, ${Math.round(reached / 1_000)} KB of code; ${words.slice(0, 8).join(", ")}`,
  );
  for (const { kind, what, input } of findings) {
    say(`     ${kind}: ${what}`);
    say(`       npm run fuzz -- --target ${target} --input ${input.slice(0, 4_000)}`);
  }
}

async function judgeOne(input: string, chosen: typeof targets): Promise<void> {
  const [target] = chosen;
  if (target === undefined || chosen.length > 1) usage("--input needs one --target.");
  const open = await target.open(numberOf("seed", values.seed ?? "1"));
  try {
    const started = performance.now();
    const word = await open.judge(fromHex(input));
    console.log(`${word} after ${Math.round(performance.now() - started)} ms`);
  } finally {
    await open.close?.();
  }
}

function chosenTargets(): typeof targets {
  const names = values.target;
  if (names === undefined) return targets;
  return names.map(
    (name) => targets.find((one) => one.name === name) ?? usage(`There is no target ${name}.`),
  );
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : usage(`--${name} is a number above 0.`);
}

function usage(message: string): never {
  console.error(`${message}\n\n${help}`);
  process.exit(2);
}
