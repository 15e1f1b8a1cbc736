import type { Bytes } from "@treehouse/protocol";
import { Worker } from "node:worker_threads";
import { type Finding, findingOf, placeOf, type Report } from "./outcome.ts";
import { FUZZ_LIMITS } from "./target.ts";

/** What the worker's thread is told. */
export interface Job {
  readonly target: string;
  /** The module that has `targets`. */
  readonly modulePath: string;
  readonly seed: number;
  readonly ms: number;
  /** It ends with so many, if its time does not end before. */
  readonly inputs?: number | undefined;
  /** In hex. */
  readonly corpus: readonly string[];
  /** Whether coverage is counted, which halves the speed. */
  readonly counts: boolean;
  /** Ends it; findings that are alike count once. */
  readonly findingsMax?: number | undefined;
  /** After so long without an end an input counts as one that never ends. */
  readonly hungMs: number;
  /** A count of inputs, the length of the present one, whether to end now, and the present one's octets. */
  readonly shared: SharedArrayBuffer;
}

/** Where these stand in what is shared. */
export const SHARED = { count: 0, length: 1, isOver: 2, octetsFrom: 12 } as const;

const heapMiB = 1024;
const lookMs = 1_000;
/** The same for one that waits for something that never comes. */
const stuckMs = 600_000;

/**
 * Runs a target in a thread that is ended when an input has no end or takes all memory. On the signal
 * it ends after the present batch, with what it has done.
 */
export async function runInThread(job: Omit<Job, "shared">, over?: AbortSignal): Promise<Report> {
  const shared = new SharedArrayBuffer(SHARED.octetsFrom + FUZZ_LIMITS.inputBytes);
  const end = () => void Atomics.store(new Int32Array(shared, 0, 3), SHARED.isOver, 1);
  over?.addEventListener("abort", end);
  if (over?.aborted === true) end();
  const workerData: Job = { ...job, shared };
  const started = performance.now();
  const worker = new Worker(new URL("worker.ts", import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB },
  });
  const failed = (kind: Finding["kind"], what: string): Report => ({
    target: job.target,
    inputs: inputsOf(shared),
    seconds: (performance.now() - started) / 1_000,
    slowestMs: kind === "hung" ? job.hungMs : 0,
    outcomes: {},
    findings: [findingOf(kind, what, presentOf(shared))],
    fresh: [],
    reached: 0,
  });
  const ended = Promise.withResolvers<Report>();
  worker.once("message", ended.resolve);
  worker.once("error", (error: Error & { code?: string }) => {
    const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
    ended.resolve(failed(isMemory ? "memory" : "error", error.stack ?? error.message));
  });
  let [seen, since, sinceBusy] = [0, performance.now(), 0];
  const look = async (): Promise<void> => {
    const now = inputsOf(shared);
    const { user } = await worker.cpuUsage();
    if (now !== seen) [seen, since, sinceBusy] = [now, performance.now(), user];
    // Before the first input the target is being loaded. On a busy machine a thread may wait long.
    const isBusy = (user - sinceBusy) / 1_000 > job.hungMs;
    if (now === 0 || (!isBusy && performance.now() - since < stuckMs)) return;
    ended.resolve(failed("hung", `had no end after ${job.hungMs} ms`));
  };
  const watch = setInterval(() => void look().catch(() => undefined), lookMs);
  try {
    return await ended.promise;
  } finally {
    clearInterval(watch);
    over?.removeEventListener("abort", end);
    await worker.terminate();
  }
}

/** Coverage first, for a part of the time or of the inputs; then at full speed with what that found. */
export async function runTwice(
  job: Omit<Job, "shared" | "counts">,
  over?: AbortSignal,
): Promise<{ readonly reports: readonly Report[]; readonly fresh: readonly string[] }> {
  const scouts = job.inputs && Math.ceil(job.inputs * scoutShare.inputs);
  const scoutMs = job.ms * scoutShare.time;
  const scout = await runInThread({ ...job, ms: scoutMs, inputs: scouts, counts: true }, over);
  if (over?.aborted === true) return { reports: [scout], fresh: scout.fresh };
  const corpus = [...job.corpus, ...scout.fresh];
  const seed = job.seed + 1;
  const [ms, inputs] = [job.ms - scoutMs, job.inputs && Math.max(0, job.inputs - scout.inputs)];
  const swarm = await runInThread({ ...job, seed, ms, inputs, corpus, counts: false }, over);
  return { reports: [scout, swarm], fresh: [...scout.fresh, ...swarm.fresh] };
}

const scoutShare = { time: 0.2, inputs: 0.05 };

function inputsOf(shared: SharedArrayBuffer): number {
  return Atomics.load(new Int32Array(shared, 0, 3), SHARED.count);
}

function presentOf(shared: SharedArrayBuffer): Bytes {
  const length = new Int32Array(shared, 0, 3)[SHARED.length] ?? 0;
  const octets = new Uint8Array(shared, SHARED.octetsFrom);
  return octets.slice(0, Math.min(length, FUZZ_LIMITS.inputBytes));
}

/** What the parts of one target's run come to. */
export function joined(reports: readonly Report[]): Report {
  const [first] = reports;
  if (first === undefined) throw new Error("There is no report.");
  const outcomes = new Map<string, number>();
  for (const { outcomes: each } of reports) {
    for (const [word, times] of Object.entries(each)) {
      outcomes.set(word, (outcomes.get(word) ?? 0) + times);
    }
  }
  return {
    target: first.target,
    inputs: reports.reduce((sum, { inputs }) => sum + inputs, 0),
    seconds: reports.reduce((sum, { seconds }) => sum + seconds, 0),
    slowestMs: Math.max(...reports.map(({ slowestMs }) => slowestMs)),
    outcomes: Object.fromEntries([...outcomes].toSorted(([, a], [, b]) => b - a)),
    findings: [
      ...Map.groupBy(
        reports.flatMap(({ findings }) => findings),
        placeOf,
      ).values(),
    ].flatMap(([one]) => one ?? []),
    fresh: reports.flatMap(({ fresh }) => fresh),
    reached: Math.max(...reports.map(({ reached }) => reached)),
  };
}
