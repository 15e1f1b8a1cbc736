import type { Timer } from "./pen.ts";

/** How long a request waits for one that goes ahead. */
const patienceMs = 100;

/** Where requests wait that a later one shall overtake. */
export class Overtaking {
  readonly #waiting = new Set<(overtaken: boolean) => void>();

  /** Resolves when another request has gone, or none came; answers which of the two. */
  wait(timer: Timer): Promise<boolean> {
    return new Promise((resolve) => {
      const go = (overtaken: boolean): void => {
        cancel();
        this.#waiting.delete(go);
        resolve(overtaken);
      };
      const cancel = timer(patienceMs, () => go(false));
      this.#waiting.add(go);
    });
  }

  /** A request has gone to the target. */
  gone(): void {
    for (const go of this.#waiting) go(true);
  }
}
