import { Random } from "../random.ts";
import type { Range } from "./faults.ts";

/** What chance has in store for one connection: numbers from 0 to 1, judged when they matter. */
export type ConnectionDraw = { readonly lost: number; readonly dieAfter: number };

/** The same for one request. */
export type RequestDraw = {
  readonly requestLost: number;
  /** Which share of it still arrives. */
  readonly requestPart: number;
  readonly answerLost: number;
  readonly answerPart: number;
  readonly duplicated: number;
  /** Below one half the second one sets out together with the first, else when that is answered. */
  readonly duplicateAt: number;
  readonly reordered: number;
  readonly requestDelay: number;
  readonly answerDelay: number;
};

/** A seed's decisions. Everything is drawn in any case, so that faults can be switched singly. */
export interface Draws {
  connection(): ConnectionDraw;
  request(): RequestDraw;
  /** For what is neither of the two: pieces of tunnels, flapping. */
  fraction(): number;
}

export function createDraws(seed: number): Draws {
  const connections = new Random(seed, "connections");
  const requests = new Random(seed, "requests");
  const others = new Random(seed, "others");
  return {
    connection: () => ({ lost: connections.fraction(), dieAfter: connections.fraction() }),
    request: () => ({
      requestLost: requests.fraction(),
      requestPart: requests.fraction(),
      answerLost: requests.fraction(),
      answerPart: requests.fraction(),
      duplicated: requests.fraction(),
      duplicateAt: requests.fraction(),
      reordered: requests.fraction(),
      requestDelay: requests.fraction(),
      answerDelay: requests.fraction(),
    }),
    fraction: () => others.fraction(),
  };
}

export function within([low, high]: Range, fraction: number): number {
  return low + (high - low) * fraction;
}
