import { LIMITS, Refusal } from "@treehouse/protocol";
import { networkAllowances, networksOf } from "../networks.ts";

/** What one request holds in memory until it is answered. */
export interface BodyShare {
  /** Counts octets that have arrived, or refuses them with `rateLimited`. */
  take(octets: number): void;
  /** Counts what was taken for another asker instead, or refuses that with `rateLimited`. */
  moveTo(asker: string): void;
  /** Gives back all that was taken, once. */
  release(): void;
}

/**
 * Bounds the octets of unanswered requests of one asker: each request has a bound of its own, but
 * nothing else bounds how many are sent, or held open half sent, at once.
 */
export interface BodyBudget {
  open(asker: string): BodyShare;
}

const retryAfterMs = 1_000;

export function createBodyBudget(): BodyBudget {
  /** Only of those who have requests with a body just now. */
  const held = new Map<string, number>();

  function add(asker: string, octets: number): void {
    for (const network of networksOf(asker)) {
      const sum = (held.get(network) ?? 0) + octets;
      if (sum === 0) held.delete(network);
      else held.set(network, sum);
    }
  }

  function check(asker: string, octets: number): void {
    for (const [width, network] of networksOf(asker).entries()) {
      const limit = LIMITS.bodiesBytesPerUserMax * (networkAllowances[width] ?? 1);
      if ((held.get(network) ?? 0) + octets <= limit) continue;
      throw new Refusal("rateLimited", "Too much was sent at once.", {
        retryAfterMs,
        limitName: "bodiesBytesPerUserMax",
        limit,
      });
    }
  }

  return {
    open(first) {
      let asker = first;
      let own = 0;
      return {
        take(octets) {
          check(asker, octets);
          own += octets;
          add(asker, octets);
        },
        moveTo(other) {
          check(other, own);
          add(asker, -own);
          asker = other;
          add(asker, own);
        },
        release() {
          add(asker, -own);
          own = 0;
        },
      };
    },
  };
}
