import { Refusal } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createRateLimiter } from "./rate-limit.ts";

function at(count: number, perMs: number) {
  let now = 1_000;
  const limiter = createRateLimiter({ monotonic: () => now }, { count, perMs });
  const take = (key: string): number => {
    try {
      limiter.take(key);
      return 0;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.data.retryAfterMs ?? -1;
    }
  };
  return { take, giveBack: limiter.giveBack, pass: (ms: number) => (now += ms) };
}

test("FED-602 a burst passes, then the steady rate, per key", () => {
  const { take, pass } = at(10, 1_000);
  expect(Array.from({ length: 12 }, () => take("a"))).toEqual([...Array(10).fill(0), 100, 100]);
  expect(take("b")).toBe(0);
  pass(100);
  expect([take("a"), take("a")]).toEqual([0, 100]);
  pass(10_000);
  expect(Array.from({ length: 11 }, () => take("a")).filter((wait) => wait > 0)).toHaveLength(1);
});

test("an act that is given back leaves room for another, and for no more", () => {
  const { take, giveBack } = at(3, 1_000);
  expect([take("a"), take("a"), take("a"), take("a")]).toEqual([0, 0, 0, 334]);
  giveBack("a");
  giveBack("b");
  expect([take("a"), take("a")]).toEqual([0, 334]);
  expect([take("b"), take("b"), take("b"), take("b")]).toEqual([0, 0, 0, 334]);
});

test("in no time span more passes than a burst and the steady rate", () => {
  const waits = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(waits, (steps) => {
      const { take, pass } = at(10, 1_000);
      let elapsed = 0;
      let passed = 0;
      for (const step of steps) {
        pass(step);
        elapsed += step;
        const retryAfterMs = take("a");
        if (retryAfterMs === 0) passed += 1;
        expect(passed).toBeLessThanOrEqual(10 + Math.ceil(elapsed / 100));
      }
    }),
  );
});

test("whoever waits as long as told passes", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 60_000 }), (n, ms) => {
      const { take, pass } = at(n, ms);
      const refusedTwice = Array.from({ length: n + 5 }, () => {
        const wait = take("a");
        pass(wait);
        return wait > 0 && take("a") > 0;
      });
      expect(refusedTwice).not.toContain(true);
    }),
  );
});

test("a flood of keys cannot free the key that is limited most", () => {
  const { take } = at(3, 60_000);
  for (let turn = 0; turn < 3; turn += 1) take("victim");
  expect(take("victim")).toBeGreaterThan(0);
  for (let key = 0; key < 120_000; key += 1) take(`flood ${key}`);
  expect(take("victim")).toBeGreaterThan(0);
});
