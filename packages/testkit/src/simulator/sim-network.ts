import {
  copyBytes,
  type HttpRequest,
  type HttpResponse,
  NetworkFault,
  type SocketEvents,
  type SocketHandle,
} from "@treehouse/protocol";
import type { Accepted } from "./answers.ts";
import { Claims } from "./claims.ts";
import type { Door } from "./door.ts";
import type { LyingHub } from "./lying-hub.ts";
import { Liar, Spammer, tampered } from "./hostile.ts";
import { Releases } from "./releases.ts";
import { SimSocket } from "./sim-socket.ts";
import { exponential, type SimWorld } from "./sim-world.ts";

/** How long who asks learns of a loss, at the latest, where it learns of it at all. */
const toldWithinMs = 1_000;
const calmDelayMs = 2;
const latestReplayMs = 20_000;

/** Every message between two hosts: it is late, lost, doubled, overtaken or cut off, as the seed says. */
export class SimNetwork {
  readonly accepted: Accepted = new Map();
  /** Hashes of messages that nobody can read. */
  readonly garbage = new Set<string>();
  readonly spammer: Spammer;
  readonly releases: Releases;
  /** The hub, if it lies to another server. */
  lyingHub: LyingHub | undefined;
  readonly #claims: Claims;
  readonly #sockets = new Map<string, SimSocket>();
  readonly #liars = new Map<string, Liar>();
  readonly #world: SimWorld;
  readonly #doors = new Map<string, Door>();
  readonly #cut = new Map<string, number>();
  readonly #last = new Map<string, number>();

  constructor(world: SimWorld) {
    this.#world = world;
    this.#claims = new Claims(world);
    this.releases = new Releases(world);
    this.spammer = new Spammer(world, this.garbage);
  }

  /** Puts a host's current door there, or takes it away. */
  door(name: string, door: Door | undefined): void {
    if (door === undefined) this.#doors.delete(name);
    else this.#doors.set(name, door);
  }

  doorOf(name: string): Door | undefined {
    return this.#doors.get(name);
  }

  /** Nothing passes from one host to another; cuts add up. */
  cut(from: string, to: string, change: 1 | -1): void {
    const lane = `${from}>${to}`;
    this.#cut.set(lane, (this.#cut.get(lane) ?? 0) + change);
  }

  isCut(from: string, to: string): boolean {
    return !this.#world.calm && (this.#cut.get(`${from}>${to}`) ?? 0) > 0;
  }

  /** How long one way takes; drawn whether or not it counts. */
  delay(): number {
    const { calm, faults } = this.#world;
    const drawn = exponential(this.#world.random("delay"), 1);
    return 1 + drawn * (calm ? calmDelayMs : faults.delayMs);
  }

  fetch(from: string, request: HttpRequest): Promise<HttpResponse> {
    const to = new URL(request.url).hostname;
    const { scheduler } = this.#world;
    const random = this.#world.random("network");
    const twice = random.chance(this.#world.faults.duplication) && !this.#world.calm;
    const again = random.fraction();
    const copied =
      request.body === undefined ? request : { ...request, body: copyBytes(request.body) };
    const sent = this.lyingHub?.tell(from, copied) ?? copied;
    return new Promise((resolve, reject) => {
      let settled = false;
      const settle = (act: () => void): void => {
        if (settled) return;
        settled = true;
        cancel();
        act();
      };
      const fail = (reason: NetworkFault["reason"], text: string): void =>
        settle(() => reject(new NetworkFault(reason, text)));
      const cancel = scheduler.timer(request.timeoutMs, () => fail("timeout", "no answer in time"));
      request.signal?.addEventListener("abort", () => fail("aborted", "it was given up"));
      const lost = (): void => fail("broken", "the connection broke");
      const answer = (act: () => void): void => this.#travel(to, from, () => settle(act), lost);
      const arrive = async (): Promise<void> => {
        const door = this.#doors.get(to);
        if (door === undefined) {
          answer(() => reject(new NetworkFault("refused", "nobody listens there")));
          return;
        }
        try {
          const response = await this.#exchange(to, door, sent);
          const tooLarge = response.body.length > request.responseBytesMax;
          answer(() => {
            if (tooLarge) reject(new NetworkFault("tooLarge", "the answer is too long"));
            else resolve(response);
          });
        } catch (error) {
          answer(() => reject(error));
        }
      };
      this.#travel(from, to, () => void arrive(), lost);
      this.#tamper(to, sent);
      if (!twice) return;
      this.#world.probe("request doubled");
      // What some box on the way sends once more; its answer interests nobody.
      scheduler.timer(again * 3_000, () => {
        const door = this.#doors.get(to);
        if (door !== undefined) this.#exchange(to, door, sent).catch(() => undefined);
      });
    });
  }

  openSocket(from: string, url: string, events: SocketEvents): SocketHandle & { break(): void } {
    const to = new URL(url).hostname;
    const socket = new SimSocket({ world: this.#world, network: this, from, to, url, events });
    this.#sockets.set(from, socket);
    return socket;
  }

  /** Lets the socket of a client read nothing, or go on reading. */
  slow(client: string, slow: boolean): void {
    this.#sockets.get(client)?.slow(slow);
  }

  /** From here on a client is lied to by its server. */
  lieTo(client: string): void {
    this.#liars.set(client, new Liar(this.#world));
  }

  /** Breaks the connection of a client: it reads again what it was told. */
  breakSocket(client: string): void {
    this.#sockets.get(client)?.break();
  }

  liarTo(client: string): Liar | undefined {
    return this.#liars.get(client);
  }

  /** Whether a message between two hosts gets there at all. */
  passes(from: string, to: string, probability: number): boolean {
    const lost = this.#world.random("loss").chance(probability);
    if (this.isCut(from, to)) {
      this.#world.probe("cut");
      return false;
    }
    return this.#world.calm || !lost;
  }

  /** Somebody on the way, without a key: nothing that they send may be taken. */
  #tamper(to: string, sent: HttpRequest): void {
    const { scheduler, faults, calm } = this.#world;
    const random = this.#world.random("tampering");
    const [tampers, isLate] = [random.chance(faults.tampering), random.chance(0.5)];
    const [place, later] = [random.fraction(), random.fraction() * latestReplayMs];
    if (!tampers || calm || sent.headers?.["signature"] === undefined) return;
    const request = isLate ? sent : tampered(sent, place);
    if (request === undefined) return;
    const kind = isLate ? "replayed" : "altered";
    scheduler.timer(isLate ? later : this.delay(), () => {
      const door = this.#doors.get(to);
      if (door === undefined) return;
      this.#world.probe(`request ${kind}`);
      const took = ({ status }: HttpResponse): void => {
        // What comes again before the first one came is the first one.
        if (status < 300 && !isLate)
          this.#world.violate("FED-915", `${to} took an ${kind} request`);
      };
      door.exchange(request).then(took, () => undefined);
    });
  }

  async #exchange(to: string, door: Door, request: HttpRequest): Promise<HttpResponse> {
    const { releases } = this;
    const response =
      releases.missing(to, request) ?? releases.told(to, request, await door.exchange(request));
    if (response.status >= 400) this.#world.probe(`answered ${response.status}`);
    this.#claims.answered(to, request, response);
    return response;
  }

  #travel(from: string, to: string, arrive: () => void, lost: () => void): void {
    const { scheduler, faults, now } = this.#world;
    const passes = this.passes(from, to, faults.loss);
    const told = this.#world.random("told");
    const [tellsAtAll, tellsAfter] = [told.chance(0.7), told.fraction() * toldWithinMs];
    let at = now + this.delay();
    if (!passes) {
      this.#world.probe("lost");
      if (tellsAtAll) scheduler.timer(tellsAfter, lost);
      return;
    }
    if (!faults.reordering) {
      const lane = `${from}>${to}`;
      at = Math.max(at, (this.#last.get(lane) ?? 0) + 0.001);
      this.#last.set(lane, at);
    }
    scheduler.timer(at - now, arrive);
  }
}
