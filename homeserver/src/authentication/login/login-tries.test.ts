import { parseDomain, Refusal, userUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createLoginTries, LOGIN_TRIES } from "./login-tries.ts";

const alice = userUri(parseDomain("example.org"), "alice");
const bob = userUri(parseDomain("example.org"), "bob");
const { forgottenMs, freeMax, waitFirstMs, waitMostMs } = LOGIN_TRIES;

function at() {
  let now = 5;
  const tries = createLoginTries({ monotonic: () => now });
  /** 0 when it passed, otherwise the wait that was told. */
  const take = (user = alice, address = "a"): number => {
    try {
      tries.take(user, address);
      return 0;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.data.retryAfterMs ?? -1;
    }
  };
  return { tries, take, pass: (ms: number) => (now += ms) };
}

test("R-022 some tries are free, then each wait is twice the one before, up to the longest", () => {
  const { take, pass } = at();
  expect(Array.from({ length: freeMax }, () => take())).toEqual(Array(freeMax).fill(0));
  const waits: number[] = [];
  for (let count = 0; count < 8; count += 1) {
    const wait = take();
    waits.push(wait);
    pass(wait - 1);
    expect(take()).toBe(1);
    pass(1);
    expect(take()).toBe(0);
  }
  const doubled = waits.map((_, index) => Math.min(waitFirstMs * 2 ** index, waitMostMs));
  expect(waits).toEqual(doubled);
});

test("R-022 nobody else waits: not another account, nor the owner at another address", () => {
  const { take } = at();
  for (let count = 0; count <= freeMax; count += 1) take();
  expect(take()).toBe(waitFirstMs);
  expect([take(bob), take(alice, "b")]).toEqual([0, 0]);
});

test("R-022 a session forgets what was counted, and so does a long pause", () => {
  const { take, pass, tries } = at();
  for (let count = 0; count <= freeMax; count += 1) take();
  tries.succeeded(alice);
  expect(Array.from({ length: freeMax }, () => take())).toEqual(Array(freeMax).fill(0));
  pass(waitFirstMs + forgottenMs);
  expect(Array.from({ length: freeMax + 1 }, () => take())).toEqual([
    ...Array<number>(freeMax).fill(0),
    waitFirstMs,
  ]);
});
