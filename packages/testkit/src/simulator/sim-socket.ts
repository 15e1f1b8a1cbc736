import { copyBytes, type SocketEvents, type SocketHandle } from "@treehouse/protocol";
import { Answers } from "./answers.ts";
import type { FarEnd } from "./door.ts";
import { askedAgain, Spammer } from "./hostile.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimWorld } from "./sim-world.ts";

type SocketOptions = {
  readonly world: SimWorld;
  readonly network: SimNetwork;
  readonly from: string;
  readonly to: string;
  readonly url: string;
  readonly events: SocketEvents;
};

/** Until both ends know that a connection broke, at the latest. */
const noticedWithinMs = { near: 5_000, far: 2_000 };
const abnormal = 1006;
/** How much later the same is asked once more, at the latest. */
const repeatedWithinMs = 3_000;

/** A socket over the simulated network: in order, until it breaks. */
export class SimSocket implements SocketHandle {
  readonly bufferedBytes = 0;
  readonly #options: SocketOptions;
  readonly #answers: Answers;
  #far: FarEnd | undefined;
  #broken = false;
  #closed = false;
  #atFar = 0;
  #atNear = 0;

  constructor(options: SocketOptions) {
    this.#options = options;
    const { world, network, from, to, url } = options;
    this.#answers = new Answers(world, network.accepted, from);
    this.#travel("far", () => {
      const door = network.doorOf(to);
      if (door === undefined) {
        this.#travel("near", () => this.#tell(abnormal, "refused"));
        return;
      }
      this.#far = door.socket(url, {
        opened: () => this.#travel("near", () => this.#closed || options.events.opened()),
        message: (bytes) => {
          this.#answers.answered(bytes);
          if (Spammer.isForeign(bytes)) return;
          const frames = network.liarTo(from)?.tell(bytes) ?? [bytes];
          for (const told of [...network.releases.framesBefore(to), ...frames]) {
            this.#travel("near", () => this.#closed || options.events.message(told));
          }
        },
        closed: (code, reason) => this.#travel("near", () => this.#tell(code, reason)),
      });
    });
  }

  send(bytes: Uint8Array): void {
    const copy = copyBytes(bytes);
    this.#answers.asked(copy);
    for (const each of [...this.#options.network.spammer.before(copy), copy]) {
      this.#travel("far", () => this.#far?.send(each));
    }
    this.#repeat(copy);
  }

  /** As a program does that never heard of the answer; to whom it comes now is only looked at here. */
  #repeat(bytes: Uint8Array): void {
    const { world } = this.#options;
    const random = world.random("repeats");
    const repeats = random.chance(world.faults.duplication);
    const later = random.fraction() * repeatedWithinMs;
    const again = repeats && !world.calm ? askedAgain(bytes) : undefined;
    if (again === undefined) return;
    world.scheduler.timer(later, () => {
      if (this.#broken || this.#closed) return;
      world.probe("asked again");
      this.#answers.asked(again);
      this.#travel("far", () => this.#far?.send(again));
    });
  }

  close(code?: number, reason?: string): void {
    this.#travel("far", () => this.#far?.close(code, reason));
  }

  /** Reads nothing more, or goes on reading. */
  slow(slow: boolean): void {
    this.#far?.slow(slow);
  }

  /** Nothing passes any more, and both ends learn of it some time. */
  break(): void {
    if (this.#broken) return;
    this.#broken = true;
    const { world } = this.#options;
    const random = world.random("broken sockets");
    const [near, far] = [random.fraction(), random.fraction()];
    world.probe("socket broken");
    world.scheduler.timer(far * noticedWithinMs.far, () => this.#far?.terminate());
    world.scheduler.timer(near * noticedWithinMs.near, () => this.#tell(abnormal, "broken"));
  }

  #tell(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.events.closed(code, reason);
  }

  #travel(end: "near" | "far", arrive: () => void): void {
    if (this.#broken) return;
    const { world, network, from, to } = this.#options;
    const { scheduler, now } = world;
    const delay = network.delay();
    const lane = end === "far" ? ([from, to] as const) : ([to, from] as const);
    if (!network.passes(...lane, world.faults.socketBreaks)) {
      this.break();
      return;
    }
    const last = end === "far" ? this.#atFar : this.#atNear;
    const at = Math.max(now + delay, last + 0.001);
    if (end === "far") this.#atFar = at;
    else this.#atNear = at;
    scheduler.timer(at - now, () => this.#broken || arrive());
  }
}
