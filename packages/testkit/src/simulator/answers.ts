import { clientFrameCodec, equalBytes, serverFrameCodec } from "@treehouse/protocol";
import type { SimWorld } from "./sim-world.ts";

/** What was accepted, by who asked and the request's octets, with the answer that was given first. */
export type Accepted = Map<string, Uint8Array>;

/**
 * Listens to one socket: the same request of one client, once it was accepted, has the same answer
 * for ever (I14), also on another socket and after the server has died.
 */
export class Answers {
  readonly #world: SimWorld;
  readonly #accepted: Accepted;
  readonly #from: string;
  readonly #asked = new Map<number, string>();

  constructor(world: SimWorld, accepted: Accepted, from: string) {
    this.#world = world;
    this.#accepted = accepted;
    this.#from = from;
  }

  asked(bytes: Uint8Array): void {
    const frame = clientFrameCodec.decode(bytes);
    if (frame.type !== "submit" && frame.type !== "update") return;
    const request = Buffer.from(frame.request).toString("base64");
    this.#asked.set(frame.requestId, `${this.#from} ${frame.room} ${request}`);
  }

  answered(bytes: Uint8Array): void {
    const frame = serverFrameCodec.decode(bytes);
    if (frame.type !== "submitted" && frame.type !== "updated" && frame.type !== "refused") return;
    const key = this.#asked.get(frame.requestId);
    // A server that was put back has forgotten its answers.
    if (key === undefined || this.#world.probes.has("server restored")) return;
    const first = this.#accepted.get(key);
    if (frame.type === "refused") {
      this.#world.probe(`refused ${frame.code}`);
      if (first === undefined || passing.has(frame.code)) return;
      this.#world.violate("I14", `${this.#from} is refused what was accepted: ${frame.code}`);
    } else if (first === undefined) {
      this.#accepted.set(key, frame.response);
    } else {
      this.#world.probe("answered again");
      if (equalBytes(first, frame.response)) return;
      this.#world.violate("I14", `${this.#from} is answered otherwise than before`);
    }
  }
}

/** They say nothing of the request. */
const passing: ReadonlySet<string> = new Set([
  "rateLimited",
  "unavailable",
  "storageFull",
  "peerUnreachable",
  "peerLimited",
  "roomStopped",
]);
