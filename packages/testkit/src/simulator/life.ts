import type { Env, HttpRequest, SocketEvents, SocketHandle } from "@treehouse/protocol";
import { CollectedMetrics } from "../collected-metrics.ts";
import { WORLD_START } from "../scheduler.ts";
import { probingLog } from "./probing-log.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimWorld } from "./sim-world.ts";

/** What a machine keeps over the lives of its process. */
export type Host = {
  readonly name: string;
  readonly world: SimWorld;
  readonly network: SimNetwork;
  /** By how much its clock is wrong, in ms. */
  skewMs: number;
};

/**
 * One uninterrupted life of a process. After its end nothing that it began happens: its timers do
 * not fire, nothing leaves it and nothing reaches it. What it awaits never comes.
 */
export class Life {
  readonly env: Env;
  alive = true;
  #soonAt = 0;
  #atEnd: (() => void)[] = [];

  constructor(host: Host) {
    const { world, network, name } = host;
    const { scheduler } = world;
    const random = world.random(`env ${name}`);
    const yields = world.random(`yield ${name}`);
    const guard = (run: () => void) => () => {
      if (this.alive) run();
    };
    this.env = {
      now: () => Math.floor(scheduler.now + host.skewMs),
      monotonic: () => scheduler.now - WORLD_START,
      random: (length) => random.bytes(length),
      // As a process has them: less than a millisecond might be no time at all.
      timer: (delayMs, run) => scheduler.timer(Math.max(1, delayMs), guard(run)),
      soon: (run) => {
        const pause = yields.fraction() * world.faults.yieldMs;
        // While a process starts no time passes.
        const delayed = !world.calm && world.faults.yieldMs > 0 && scheduler.flows;
        if (!delayed) {
          scheduler.soon(guard(run));
          return;
        }
        this.#soonAt = Math.max(this.#soonAt + 0.001, scheduler.now + pause);
        scheduler.timer(this.#soonAt - scheduler.now, guard(run));
      },
      fetch: (request) => this.#fetch(network, name, request),
      openSocket: (url, events) => this.#openSocket(network, name, url, events),
      log: probingLog(world, name, () => this.alive),
      metrics: new CollectedMetrics(),
    };
  }

  /** Runs when this life ends. */
  atEnd(run: () => void): void {
    this.#atEnd.push(run);
  }

  /** The work of this life; undefined if it ends before that, since what it awaits then never comes. */
  whileItLasts<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      this.atEnd(() => resolve(undefined));
      work.then(resolve, reject);
    });
  }

  end(): void {
    if (!this.alive) return;
    this.alive = false;
    for (const run of this.#atEnd.splice(0)) run();
  }

  #fetch(network: SimNetwork, name: string, request: HttpRequest): ReturnType<Env["fetch"]> {
    if (!this.alive) return new Promise(() => undefined);
    const answer = network.fetch(name, request);
    return new Promise((resolve, reject) => {
      answer.then(
        (response) => this.alive && resolve(response),
        (error: unknown) => this.alive && reject(error),
      );
    });
  }

  #openSocket(network: SimNetwork, name: string, url: string, events: SocketEvents): SocketHandle {
    if (!this.alive) return { send: () => undefined, bufferedBytes: 0, close: () => undefined };
    const socket = network.openSocket(name, url, {
      opened: () => this.alive && events.opened(),
      message: (bytes) => this.alive && events.message(bytes),
      closed: (code, reason) => this.alive && events.closed(code, reason),
    });
    this.atEnd(() => socket.break());
    return socket;
  }
}
