import type { Socket } from "node:net";

import type { Core } from "./core.ts";
import { within } from "./draws.ts";
import { passed, writeSlowly } from "./pen.ts";

/**
 * Carries octets of another protocol, such as WebSocket, in the order in which they came. `lost` is
 * called when the link has swallowed something, after which nothing more may pass that way.
 */
export class Tunnel {
  readonly #core: Core;
  readonly #lost: () => void;
  #broken = false;
  #last: Promise<void> = Promise.resolve();

  constructor(core: Core, lost: () => void) {
    this.#core = core;
    this.#lost = lost;
  }

  pass(direction: "requests" | "answers", chunk: Buffer, to: Socket): void {
    const delayMs = within(this.#core.faults.delayMs, this.#core.draws.fraction());
    const before = this.#last;
    const waited = delayMs > 0 ? passed(delayMs, this.#core.timer) : undefined;
    this.#last = (async () => {
      await before;
      await waited;
      if (this.#core.swallows(direction)) {
        this.#broken = true;
        this.#lost();
      }
      if (this.#broken) return;
      const { octetsPerSecond } = this.#core.faults;
      await writeSlowly(to, chunk, octetsPerSecond, this.#core.timer);
    })();
  }

  /** Ends the other side after everything before. */
  async end(to: Socket): Promise<void> {
    await this.#last;
    if (!this.#broken) to.end();
  }
}
