import { type Bytes, toHex } from "@treehouse/protocol";
import { getHeapStatistics } from "node:v8";
import { Random } from "../random.ts";
import { type Coverage, type Places, without } from "./coverage.ts";
import { mutate, pick } from "./mutate.ts";
import { describe, type Finding, findingOf, isRefusal, placeOf, type Report } from "./outcome.ts";
import { shrink } from "./shrink.ts";
import { FUZZ_LIMITS, type OpenTarget, type Target } from "./target.ts";
import { vary } from "./vary.ts";

export interface RunOptions {
  readonly seed: number;
  /** Inputs beside the target's own seeds: the kept ones, and those of a run before. */
  readonly corpus: readonly Bytes[];
  /** Ends the run; asked after every batch. */
  enough(inputs: number): boolean;
  readonly coverage?: Coverage | undefined;
  /** Ends the run as well; findings that are alike count once. */
  readonly findingsMax?: number | undefined;
  /** Hears of every input before it is judged, so that one without an end is known. */
  before?(input: Bytes): void;
}

const batchSize = 256;
const findingsMost = 20;
const repetitions = 6;
const newShare = 0.75;

/** Gives a target its seeds, its corpus and then changed inputs until it is enough. */
export async function runTarget(target: Target, options: RunOptions): Promise<Report> {
  const open = await target.open(options.seed);
  try {
    return await new Run(target.name, open, options).all();
  } finally {
    await open.close?.();
  }
}

class Run {
  readonly #name: string;
  readonly #target: OpenTarget;
  readonly #options: RunOptions;
  readonly #random: Random;
  readonly #pool: Bytes[];
  readonly #values: unknown[];
  readonly #fresh: Bytes[] = [];
  readonly #outcomes = new Map<string, number>();
  readonly #findings = new Map<string, Finding>();
  #inputs = 0;
  #slowestMs = 0;

  constructor(name: string, target: OpenTarget, options: RunOptions) {
    this.#name = name;
    this.#target = target;
    this.#options = options;
    this.#random = new Random(options.seed, `fuzz ${name}`);
    this.#pool = [...target.seeds, ...options.corpus];
    this.#values = this.#pool.flatMap((input) => this.#decoded(input));
  }

  async all(): Promise<Report> {
    const { stackTraceLimit } = Error;
    // Most inputs are refused, and walking the stack costs more than most readers do.
    Error.stackTraceLimit = 0;
    try {
      return await this.#all();
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  }

  async #all(): Promise<Report> {
    const started = performance.now();
    for (const input of this.#pool) {
      // At least half of what is enough is for inputs that nobody has seen.
      if (this.#options.enough(this.#inputs * 2)) break;
      await this.#judge(input);
    }
    this.#options.coverage?.take();
    while (!this.#isEnough()) await this.#batch();
    return {
      target: this.#name,
      inputs: this.#inputs,
      seconds: (performance.now() - started) / 1_000,
      slowestMs: this.#slowestMs,
      outcomes: Object.fromEntries([...this.#outcomes].toSorted(([, a], [, b]) => b - a)),
      findings: [...this.#findings.values()],
      fresh: this.#fresh.map(toHex),
      reached: this.#options.coverage?.size ?? 0,
    };
  }

  #isEnough(): boolean {
    const { enough, findingsMax = findingsMost } = this.#options;
    return this.#findings.size >= findingsMax || enough(this.#inputs);
  }

  async #batch(): Promise<void> {
    const inputs: Bytes[] = [];
    while (inputs.length < batchSize) {
      const input = this.#next();
      inputs.push(input);
      const isNew = await this.#judge(input);
      // A word that was never answered before tells as much as a block that was never reached.
      if (isNew) this.#keep(input);
      if (this.#isEnough()) break;
    }
    const { coverage } = this.#options;
    const fresh = coverage?.take();
    if (fresh === undefined) return;
    await this.#locate(inputs, fresh);
    coverage?.take();
  }

  /** Finds the inputs that reach the places, by halves. */
  async #locate(inputs: readonly Bytes[], wanted: Places): Promise<void> {
    const [only] = inputs;
    if (only === undefined) return;
    if (inputs.length === 1) return this.#keep(only);
    const middle = Math.ceil(inputs.length / 2);
    let left = wanted;
    for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
      for (const input of half) await this.#outcomeOf(input).catch(() => undefined);
      const reached = this.#options.coverage?.again(left);
      if (reached === undefined) continue;
      await this.#locate(half, reached);
      left = without(left, reached);
    }
  }

  #keep(input: Bytes): void {
    if (this.#fresh.length > 2_000 || input.length > FUZZ_LIMITS.inputBytes / 16) return;
    this.#fresh.push(input);
    this.#pool.push(input);
    this.#values.push(...this.#decoded(input));
  }

  #next(): Bytes {
    const random = this.#random;
    if (this.#pool.length === 0 || random.chance(0.01)) return random.bytes(random.integer(0, 200));
    // What was found last leads further than what everybody knows.
    const late = this.#pool.slice(-16);
    const input = pick(random.chance(0.3) ? late : this.#pool, random);
    const { form } = this.#target;
    if (form === undefined || !random.chance(newShare)) return mutate(input, random, this.#pool);
    try {
      const varied = form.encode(vary(form.decode(input), random, this.#values));
      const cut = varied.slice(0, FUZZ_LIMITS.inputBytes);
      return random.chance(0.2) ? mutate(cut, random, this.#pool) : cut;
    } catch {
      return mutate(input, random, this.#pool);
    }
  }

  #decoded(input: Bytes): readonly unknown[] {
    try {
      const { form } = this.#target;
      return form === undefined ? [] : [form.decode(input)];
    } catch {
      return [];
    }
  }

  /** Whether the answer was one that nothing had got before. */
  async #judge(input: Bytes): Promise<boolean> {
    this.#options.before?.(input);
    this.#inputs += 1;
    const heldBefore = this.#inputs % 64 === 0 ? held() : undefined;
    const started = performance.now();
    let outcome: string;
    try {
      outcome = await this.#outcomeOf(input);
    } catch (error) {
      await this.#foundError(error, input);
      return false;
    }
    const tookMs = performance.now() - started;
    const limitMs = FUZZ_LIMITS.inputMs * (this.#target.judges ?? 1);
    if (tookMs > limitMs) await this.#checkTime(input, limitMs);
    else this.#slowestMs = Math.max(this.#slowestMs, tookMs);
    if (heldBefore !== undefined && held() - heldBefore > FUZZ_LIMITS.heldBytes) {
      await this.#checkMemory(input);
    }
    const times = this.#outcomes.get(outcome) ?? 0;
    this.#outcomes.set(outcome, times + 1);
    return times === 0;
  }

  async #outcomeOf(input: Bytes): Promise<string> {
    try {
      return await this.#target.judge(input);
    } catch (error) {
      if (isRefusal(error)) return error.code;
      throw error;
    }
  }

  /** Once more, by the time of this thread's core: the machine may have been busy with others. */
  async #checkTime(input: Bytes, limitMs: number): Promise<void> {
    let best = Infinity;
    for (let count = 0; count < repetitions && best > limitMs; count += 1) {
      const started = process.threadCpuUsage();
      await this.#outcomeOf(input).catch(() => undefined);
      const { user, system } = process.threadCpuUsage(started);
      best = Math.min(best, (user + system) / 1_000);
    }
    this.#slowestMs = Math.max(this.#slowestMs, best);
    if (best > limitMs) this.#found("slow", `took ${Math.round(best)} ms`, input);
  }

  async #checkMemory(input: Bytes): Promise<void> {
    const before = held();
    await this.#outcomeOf(input).catch(() => undefined);
    const more = held() - before;
    if (more <= FUZZ_LIMITS.heldBytes) return;
    this.#found("memory", `took ${Math.round(more / 2 ** 20)} MiB`, input);
  }

  #found(kind: Finding["kind"], what: string, input: Bytes): void {
    const finding = findingOf(kind, what, input);
    const place = placeOf(finding);
    if (!this.#findings.has(place)) this.#findings.set(place, finding);
  }

  /** Again, this time with its place. */
  async #foundError(first: unknown, input: Bytes): Promise<void> {
    Error.stackTraceLimit = 10;
    try {
      const error = await this.#outcomeOf(input).then(
        () => first,
        (again: unknown) => again,
      );
      await this.#foundAt(describe(error), input);
    } finally {
      Error.stackTraceLimit = 0;
    }
  }

  async #foundAt(what: string, input: Bytes): Promise<void> {
    const place = placeOf(findingOf("error", what, input));
    if (this.#findings.has(place)) return;
    const fails = async (smaller: Bytes): Promise<boolean> => {
      try {
        await this.#outcomeOf(smaller);
        return false;
      } catch (error) {
        return placeOf(findingOf("error", describe(error), smaller)) === place;
      }
    };
    this.#findings.set(place, findingOf("error", what, await shrink(input, fails)));
  }
}

/** Octets on the heap and beside it. */
function held(): number {
  const { used_heap_size: used, external_memory: external } = getHeapStatistics();
  return used + external;
}
