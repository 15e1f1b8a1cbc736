import type { Cancel } from "@treehouse/protocol";

import { within } from "./draws.ts";
import type { Faults } from "./faults.ts";
import type { Timer } from "./pen.ts";

/** Switches a link again and again until it is stopped; the link is up at first. */
export function startFlapping(
  { upMs, downMs }: NonNullable<Faults["flapping"]>,
  fraction: () => number,
  timer: Timer,
  set: (state: "up" | "down") => void,
): Cancel {
  let cancel: Cancel = () => undefined;
  const stay = (state: "up" | "down"): void => {
    set(state);
    cancel = timer(within(state === "up" ? upMs : downMs, fraction()), () => {
      stay(state === "up" ? "down" : "up");
    });
  };
  stay("up");
  return () => cancel();
}
