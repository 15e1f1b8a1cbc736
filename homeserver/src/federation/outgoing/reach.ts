import { LIMITS } from "@treehouse/protocol";
import type { Cancel, Env } from "@treehouse/protocol";

export type ReachState = "closed" | "open" | "halfOpen" | "paused";

/** A peer that cannot be reached is looked for this often … */
const nearMs = 5_000;
/** … for so long; then less often. */
const nearForMs = 2 * 60 * 60 * 1000;
/** One that has never been reached may be none: it is looked for as often as others for so long. */
const unknownForMs = 24 * 60 * 60 * 1000;

/**
 * Whether it makes sense to turn to a peer now (FED-947). After each failure the wait doubles, with
 * full jitter: all who lost one server must not come back to it at once. One that has only just gone
 * is looked for every few seconds, since a way that heals is to be used at once; one that denies us,
 * about once a minute. Whatever shows that it may be different now shortens the wait.
 */
export class Reach {
  readonly #env: Pick<Env, "timer" | "monotonic" | "random">;
  readonly #onReady: () => void;
  #failures = 0;
  #failingSince = 0;
  #denied = false;
  #readyAt = 0;
  #cancel: Cancel | undefined;

  /** `onReady` is called when a wait is over. */
  constructor(env: Pick<Env, "timer" | "monotonic" | "random">, onReady: () => void) {
    this.#env = env;
    this.#onReady = onReady;
  }

  /** `halfOpen`: the wait is over, and the next answer decides. */
  get state(): ReachState {
    if (this.#failures === 0) return "closed";
    if (!this.isWaiting) return "halfOpen";
    return this.#denied ? "paused" : "open";
  }

  get isWaiting(): boolean {
    return this.#cancel !== undefined;
  }

  /** Failures in a row. */
  get failures(): number {
    return this.#failures;
  }

  get waitMs(): number {
    return this.isWaiting ? Math.max(0, Math.ceil(this.#readyAt - this.#env.monotonic())) : 0;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#denied = false;
    this.#end();
  }

  /** The next attempt comes after the wait; not before the time that the peer named, within reason. */
  failed({ retryAfterMs = 0, unreached = false, unknown = false } = {}): void {
    const now = this.#env.monotonic();
    if (this.#failures === 0) this.#failingSince = now;
    this.#denied = false;
    this.#failures += 1;
    const sinceMs = now - this.#failingSince;
    const most = LIMITS.retryFirstMs * 2 ** Math.min(this.#failures - 1, 16);
    const rare = unreached && unknown && sinceMs >= unknownForMs;
    const usual = rare ? LIMITS.retryUnreachedMs : LIMITS.retryMostMs;
    const drawn = this.#draw() * Math.min(unreached && sinceMs < nearForMs ? nearMs : usual, most);
    this.#wait(Math.max(drawn, Math.min(retryAfterMs, LIMITS.retryMostMs)));
  }

  /** Nothing is sent before the rules have changed, but for a look once in a while. */
  denied(): void {
    if (this.#failures === 0) this.#failingSince = this.#env.monotonic();
    this.#failures += 1;
    this.#denied = true;
    this.#wait(LIMITS.retryMostMs * (0.75 + this.#draw() / 4));
  }

  /**
   * The peer has been heard of, or the rules have changed: a wait ends soon. Not at once, so that a
   * peer that fails and calls all the time makes no more than a few attempts per second.
   */
  encouraged(): void {
    if (!this.isWaiting) return;
    const soonMs = this.#draw() * LIMITS.retryFirstMs;
    this.#failures = Math.min(this.#failures, 1);
    if (this.waitMs > soonMs) this.#wait(soonMs);
  }

  /** Ends a wait at once. */
  retry(): void {
    if (!this.isWaiting) return;
    this.#failures = 1;
    this.#end();
    this.#onReady();
  }

  close(): void {
    this.#end();
  }

  #wait(ms: number): void {
    this.#end();
    this.#readyAt = this.#env.monotonic() + ms;
    this.#cancel = this.#env.timer(ms, () => {
      this.#cancel = undefined;
      this.#onReady();
    });
  }

  #end(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** At least 0, less than 1. */
  #draw(): number {
    const [high = 0, low = 0] = this.#env.random(2);
    return (high * 256 + low) / 65_536;
  }
}
