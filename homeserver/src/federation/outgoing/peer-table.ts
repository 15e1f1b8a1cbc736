import type { Domain } from "@treehouse/protocol";
import type { FederationContext } from "../context.ts";
import { Pump } from "./pump.ts";
import type { StoredPeer } from "../store/index.ts";
import { PeerStream } from "./stream.ts";
import type { TailMemory } from "./tail.ts";

/** One peer's stream and what sends it. */
export type Line = { readonly stream: PeerStream; readonly pump: Pump };

/** Lines that are kept in memory although nothing is to be sent on them. */
const idleMax = 4_096;
/** Octets of items that all lines together keep in memory. */
const tailBytesMax = 128 * 1024 * 1024;

/** The streams to peers that are in use; there is never more than one object for a peer. */
export class PeerTable {
  readonly #context: FederationContext;
  readonly #memory: TailMemory;
  readonly #lines = new Map<Domain, Line>();

  constructor(context: FederationContext, bytesMax = tailBytesMax) {
    this.#context = context;
    this.#memory = { bytes: 0, bytesMax };
  }

  get(peer: Domain): Line | undefined {
    return this.#lines.get(peer);
  }

  all(): Iterable<Line> {
    return this.#lines.values();
  }

  adopt(stored: StoredPeer): Line {
    const known = this.#lines.get(stored.domain);
    if (known !== undefined) return known;
    if (this.#lines.size >= idleMax) this.#dropIdle();
    const stream = new PeerStream(stored, this.#memory);
    const line = { stream, pump: new Pump(this.#context, stream) };
    this.#lines.set(stored.domain, line);
    return line;
  }

  /** Takes back a `forget` whose transaction was taken back. */
  restore(line: Line): void {
    this.#lines.set(line.stream.domain, line);
  }

  /** Takes back an `adopt` whose transaction was taken back, or lets go of a peer for good. */
  forget(line: Line): void {
    if (this.#lines.get(line.stream.domain) === line) this.#lines.delete(line.stream.domain);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#lines.values()].map(({ pump }) => pump.close()));
  }

  #dropIdle(): void {
    for (const [peer, { stream, pump }] of this.#lines) {
      if (stream.isIdle && pump.isIdle) this.#lines.delete(peer);
    }
  }
}
