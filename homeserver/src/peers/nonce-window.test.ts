import { LIMITS, Refusal } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createNonceWindow } from "./nonce-window.ts";

function open() {
  const clock = { now: 0 };
  const window = createNonceWindow({
    monotonic: () => clock.now,
    random: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
  });
  const codeOf = (nonce: Bytes): string => {
    try {
      window.take(nonce);
      return "taken";
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
  };
  return { clock, window, codeOf };
}

function nonceOf(number: number, at = 12): Bytes {
  const nonce = new Uint8Array(16);
  // Numbers that differ in few bits only: what an attacker would send to make them meet.
  new DataView(nonce.buffer).setUint32(at, number);
  return nonce;
}

test("FED-910 nonces are told apart by each of their octets", () => {
  const { codeOf } = open();
  expect(codeOf(nonceOf(0))).toBe("taken");
  for (const at of [0, 1, 4, 8, 9, 12]) {
    expect([at, codeOf(nonceOf(0x01_00_00_00, at))]).toEqual([at, "taken"]);
    expect([at, codeOf(nonceOf(0x01_00_00_00, at))]).toEqual([at, "replayed"]);
  }
});

test("H-03 FED-910 a nonce is taken once while it is remembered, at least so long", () => {
  const ages = fc.array(fc.integer({ min: 0, max: LIMITS.nonceKeptMs / 3 }), { maxLength: 20 });
  const property = fc.property(ages, (steps) => {
    const { clock, codeOf } = open();
    const at = new Map<number, number>();
    for (const [number, step] of steps.entries()) {
      clock.now += step;
      expect(codeOf(nonceOf(number))).toBe("taken");
      at.set(number, clock.now);
      const remembered = [...at].filter(([, time]) => clock.now - time <= LIMITS.nonceKeptMs);
      for (const [earlier] of remembered) expect(codeOf(nonceOf(earlier))).toBe("replayed");
    }
  });
  fc.assert(property);
});

test("FED-910 nonces are forgotten, and their memory with them", () => {
  const { clock, window, codeOf } = open();
  expect(window.idle()).toBe(true);
  codeOf(nonceOf(1));
  expect(window.idle()).toBe(false);
  clock.now += 2 * LIMITS.nonceKeptMs;
  expect(window.idle()).toBe(true);
  expect(codeOf(nonceOf(1))).toBe("taken");
});

test(
  "H-10 FED-910 beyond the bound nothing is taken until some are forgotten, at the same speed",
  { timeout: 60_000 },
  () => {
    const { clock, window, codeOf } = open();
    // Sequential numbers would need minutes if they met in the same slots.
    for (let number = 0; number < LIMITS.noncesPerPeerMax; number += 1)
      window.take(nonceOf(number));
    const next = nonceOf(LIMITS.noncesPerPeerMax);
    expect([codeOf(nonceOf(3)), codeOf(next)]).toEqual(["replayed", "rateLimited"]);
    clock.now += LIMITS.nonceKeptMs;
    expect(codeOf(next)).toBe("rateLimited");
    clock.now += LIMITS.nonceKeptMs;
    expect(codeOf(next)).toBe("taken");
  },
);
