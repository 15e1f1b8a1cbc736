import type { Env } from "@treehouse/protocol";
import { CollectedLog } from "./collected-log.ts";
import { CollectedMetrics } from "./collected-metrics.ts";
import { Network } from "./network.ts";
import { Random } from "./random.ts";
import { Scheduler, WORLD_START } from "./scheduler.ts";

/** An Env whose log and metrics can be read back. */
export interface TestEnv extends Env {
  readonly log: CollectedLog;
  readonly metrics: CollectedMetrics;
}

/** A seeded world: the same seed and the same calls give the same octets, times and order. */
export interface World {
  readonly seed: number;
  readonly network: Network;
  /** Virtual milliseconds since the Unix epoch. */
  now(): number;
  /** The Env of a named node, always the same one for a name. */
  env(name: string): TestEnv;
  /** The random stream of a purpose, always the same one for a label. */
  random(label: string): Random;
  /** Runs all that is due up to this time. Rejects with the first error that an event threw. */
  run(until: number): Promise<void>;
  /** Lets so many milliseconds pass. */
  advance(ms: number): Promise<void>;
  /** Lets everything happen that needs no time. */
  settle(): Promise<void>;
  /** Lets as much time pass as the promise needs to be settled. */
  until<T>(promise: Promise<T>): Promise<T>;
}

/** Makes a world out of a seed, a safe integer. */
export function createWorld(seed: number): World {
  const scheduler = new Scheduler();
  const randoms = new Map<string, Random>();
  const envs = new Map<string, TestEnv>();
  const random = (label: string): Random => remember(randoms, label, () => new Random(seed, label));
  const network = new Network(scheduler, random("network"));
  return {
    seed,
    network,
    now: () => scheduler.now,
    random,
    env: (name) => remember(envs, name, () => createEnv(scheduler, network, random(`env ${name}`))),
    run: (until) => scheduler.run(until),
    advance: (ms) => scheduler.run(scheduler.now + ms),
    settle: () => scheduler.settle(),
    until: (promise) => scheduler.until(promise),
  };
}

function createEnv(scheduler: Scheduler, network: Network, random: Random): TestEnv {
  return {
    now: () => scheduler.now,
    monotonic: () => scheduler.now - WORLD_START,
    random: (length) => random.bytes(length),
    timer: (delayMs, run) => scheduler.timer(delayMs, run),
    soon: (run) => scheduler.soon(run),
    fetch: (request) => network.fetch(request),
    openSocket: (url, events) => network.openSocket(url, events),
    log: new CollectedLog(),
    metrics: new CollectedMetrics(),
  };
}

function remember<T>(known: Map<string, T>, name: string, make: () => T): T {
  const found = known.get(name);
  if (found !== undefined) return found;
  const made = make();
  known.set(name, made);
  return made;
}
