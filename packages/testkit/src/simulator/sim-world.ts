import { Random } from "../random.ts";
import { Scheduler } from "../scheduler.ts";
import type { Faults } from "./faults.ts";

/** The last lines that are shown when a seed fails. */
const traceLines = 400;

/** One seed: its time, its dice, what can be seen of it, and the hash of that. */
export class SimWorld {
  readonly seed: number;
  readonly faults: Faults;
  readonly scheduler: Scheduler;
  /** From here on nothing goes wrong any more. */
  calm = false;
  readonly probes = new Map<string, number>();
  readonly trace: string[] = [];
  readonly violations: string[] = [];
  readonly #randoms = new Map<string, Random>();
  #hash = 0x811c9dc5;
  readonly #start: number;

  constructor(seed: number, faults: Faults, start?: number) {
    this.scheduler = new Scheduler(start);
    this.#start = this.scheduler.now;
    this.seed = seed;
    this.faults = faults;
  }

  get now(): number {
    return this.scheduler.now;
  }

  /** Of every visible fact so far, and their times. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  /** One stream for each purpose, so that more of one fault changes no other one. */
  random(label: string): Random {
    const known = this.#randoms.get(label);
    if (known !== undefined) return known;
    const made = new Random(this.seed, label);
    this.#randoms.set(label, made);
    return made;
  }

  /** Notes something that can be seen from outside. */
  note(text: string): void {
    const line = `${(this.scheduler.now - this.#start).toFixed(2)} ${text}`;
    for (let index = 0; index < line.length; index += 1) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(index), 0x01000193);
    }
    this.trace.push(line);
    if (this.trace.length > 2 * traceLines) this.trace.splice(0, traceLines);
  }

  /** Lets as much time pass as the promise needs, up to a bound. */
  async within<T>(promise: Promise<T>, what: string, ms = 90_000): Promise<T> {
    const bound = new Promise<never>((_resolve, reject) => {
      this.scheduler.timer(ms, () => reject(new Error(`${what} takes longer than ${ms} ms`)));
    });
    return this.scheduler.until(Promise.race([promise, bound]));
  }

  /** A rare branch was reached. */
  probe(name: string): void {
    this.probes.set(name, (this.probes.get(name) ?? 0) + 1);
  }

  /** Work that nobody waits for: that it fails is told. */
  watch(work: Promise<void>, what: string): void {
    work.catch((error: unknown) => this.violate("exception", `${what}: ${String(error)}`));
  }

  /** A promise was broken. */
  violate(invariant: string, text: string): void {
    const short = text.replaceAll(/\.{9,}/g, "…");
    this.note(`VIOLATION ${invariant} ${short}`);
    this.violations.push(`${invariant}: ${short}`);
  }
}

/** An exponentially distributed duration. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random.fraction());
}
