import type { Cancel, Env } from "@treehouse/protocol";
import { LIMITS } from "@treehouse/protocol";

/** The body comes so slowly that waiting for it would only hold memory. */
export class TooSlow extends Error {
  override readonly name = "TooSlow";
}

/** Watches how fast a body arrives. */
export interface BodyPace {
  arrived(octets: number): void;
  stop(): void;
}

/**
 * Calls `late` once the body is behind the slowest pace that is waited for: some seconds, and for
 * what has arrived as long as it takes at the least rate. So one octet a second ends soon, while a
 * large body over a thin line may take its time.
 */
export function watchPace(env: Pick<Env, "monotonic" | "timer">, late: () => void): BodyPace {
  const from = env.monotonic();
  let received = 0;
  let cancel: Cancel;
  const allowedMs = (): number =>
    LIMITS.peerBodyGraceMs + (received / LIMITS.peerBodyBytesPerSecondMin) * 1_000;

  function look(): void {
    const leftMs = allowedMs() - (env.monotonic() - from);
    if (leftMs <= 0) late();
    else cancel = env.timer(leftMs, look);
  }
  cancel = env.timer(LIMITS.peerBodyGraceMs, look);

  return {
    arrived(octets) {
      received += octets;
    },
    stop: () => cancel(),
  };
}
