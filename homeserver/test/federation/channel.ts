import { NetworkFault, Refusal } from "@treehouse/protocol";
import type { Bytes, Domain } from "@treehouse/protocol";
import type { World } from "../../../packages/testkit/src/index.ts";
import type { PeerCall } from "../../src/federation/index.ts";

/** What listens at a domain; undefined while nobody does. */
export type Listener = (from: Domain, call: PeerCall) => Promise<Bytes>;

/** How requests and answers travel; settable at any time. */
export type Weather = {
  /** One way, milliseconds; each message has its own, so that they overtake each other. */
  delayMs: number;
  /** Probability that a request, or its answer, gets lost. */
  loss: number;
  /** Probability that a request arrives twice. */
  duplication: number;
};

/** The way between servers, lossy, duplicating and reordering, in virtual time. */
export class Channel {
  readonly weather: Weather = { delayMs: 5, loss: 0, duplication: 0 };
  readonly #world: World;
  readonly #listeners = new Map<Domain, Listener>();
  /** Directed: nothing gets from the first to the second. */
  readonly #cuts = new Set<string>();
  requests = 0;

  constructor(world: World) {
    this.#world = world;
  }

  listen(domain: Domain, listener: Listener | undefined): void {
    if (listener === undefined) this.#listeners.delete(domain);
    else this.#listeners.set(domain, listener);
  }

  /** Loses everything on the way from one to the other. */
  cut(from: Domain, to: Domain): void {
    this.#cuts.add(`${from} ${to}`);
  }

  mend(): void {
    this.#cuts.clear();
  }

  post(from: Domain, to: Domain, call: PeerCall): Promise<Bytes> {
    this.requests += 1;
    const random = this.#world.random("channel");
    const { loss, duplication } = this.weather;
    const [lost, answerLost] = [random.chance(loss), random.chance(loss)];
    const copies = random.chance(duplication) ? 2 : 1;
    const { promise, resolve, reject } = Promise.withResolvers<Bytes>();
    const timer = this.#world.env("channel").timer;
    const cancel = timer(call.timeoutMs, () => reject(new NetworkFault("timeout", "no answer")));
    const sent = { ...call, body: call.body.slice() };
    const arrive = async (first: boolean): Promise<void> => {
      const settle = await this.#deliver(from, to, sent);
      if (!first || answerLost || this.#isCut(to, from)) return;
      this.#travel(() => {
        cancel();
        settle(resolve, reject);
      });
    };
    for (let copy = 0; copy < copies; copy += 1) {
      if (copy === 0 && lost) continue;
      if (!this.#isCut(from, to)) this.#travel(() => void arrive(copy === 0));
    }
    return promise;
  }

  async #deliver(
    from: Domain,
    to: Domain,
    call: PeerCall,
  ): Promise<(resolve: (answer: Bytes) => void, reject: (error: unknown) => void) => void> {
    const listener = this.#listeners.get(to);
    if (listener === undefined) {
      return (_, reject) => reject(new NetworkFault("refused", "nobody listens there"));
    }
    try {
      const answer = await listener(from, call);
      return (resolve) => resolve(answer.slice());
    } catch (error) {
      const known = error instanceof Refusal ? error : new Refusal("internal", "it failed");
      return (_, reject) => reject(known);
    }
  }

  #isCut(from: Domain, to: Domain): boolean {
    return this.#cuts.has(`${from} ${to}`);
  }

  #travel(run: () => void): void {
    const { delayMs } = this.weather;
    const ms = delayMs * this.#world.random("delay").fraction() * 2;
    this.#world.env("channel").timer(ms, run);
  }
}
