import { toHex } from "@treehouse/protocol";
import { describe, expect, test } from "vitest";
import { readCorpus, runInThread, runTarget, targets } from "./index.ts";
import { targets as planted } from "./planted/targets.ts";

const full = process.env["TREEHOUSE_SCALE"] === "full";
const inputs = full ? 100_000 : 400;
const dearInputs = full ? 10_000 : 150;

describe("T-22 T-30 T-31 T-36 T-38 T-39 FED-102 FED-807 FED-905 any input is answered or refused", () => {
  test.each(targets)("$name: $reads", { timeout: 1_200_000 }, async (target) => {
    const corpus = readCorpus(target.name);
    const wanted = target.dear === true ? dearInputs : inputs;
    const enough = (count: number) => count >= wanted + corpus.length;
    const { findings, outcomes } = await runTarget(target, { seed: 1, corpus, enough });
    // Whether one was slow is judged by `npm run fuzz`: the machine may be busy with other tests.
    expect(findings.filter(({ kind }) => kind !== "slow")).toEqual([]);
    // Some are taken, or the changes spoil everything and prove nothing.
    expect(Object.keys(outcomes).length).toBeGreaterThan(1);
  });
});

describe("the fuzzer finds what is planted", { timeout: 60_000 }, () => {
  const job = {
    modulePath: new URL("planted/targets.ts", import.meta.url).href,
    seed: 1,
    ms: 60_000,
    corpus: [toHex(new Uint8Array(8))],
    counts: false,
    hungMs: 20_000,
    findingsMax: 1,
  };

  test("an error behind three steps, by counting the blocks that are reached", async () => {
    const { findings } = await runInThread({ ...job, target: "stairs", counts: true });
    expect(findings).toEqual([expect.objectContaining({ kind: "error", input: "402010" })]);
    expect(findings[0]?.what).toMatch(/^TypeError: the top of the stairs at .*targets\.ts/);
  });

  test("an input without an end is told, and its thread is ended", async () => {
    const { findings } = await runInThread({ ...job, target: "endless", hungMs: 1_500 });
    expect(findings).toEqual([expect.objectContaining({ kind: "hung" })]);
    expect(findings[0]?.input).not.toMatch(/^00/);
  });

  test("a run that is told to end ends with a report of what it did", async () => {
    const hour = { ...job, target: "refusing", ms: 3_600_000 };
    const report = await runInThread(hour, AbortSignal.abort());
    expect(report).toMatchObject({ target: "refusing", inputs: 0, findings: [] });
  });

  test.each([
    ["slow", "slow"],
    ["hoarding", "memory"],
  ] as const)("what is %s", async (name, kind) => {
    const [target] = planted.filter((one) => one.name === name);
    if (target === undefined) throw new Error("It is not planted.");
    const corpus = job.corpus.map(() => new Uint8Array(8));
    const options = { seed: 1, corpus, enough: (count: number) => count > 2_000, findingsMax: 1 };
    const { findings } = await runTarget(target, options);
    expect(findings).toEqual([expect.objectContaining({ kind })]);
  });

  test("a refusal is no finding, and the same seed gives the same inputs", async () => {
    const [target] = planted.filter(({ name }) => name === "refusing");
    if (target === undefined) throw new Error("It is not planted.");
    const options = { seed: 5, corpus: [], enough: (count: number) => count > 2_000 };
    const one = await runTarget(target, options);
    const other = await runTarget(target, options);
    expect(one.findings).toEqual([]);
    expect(one.outcomes).toEqual(other.outcomes);
    expect(Object.keys(one.outcomes).toSorted()).toEqual(["malformed", "taken"]);
  });
});
