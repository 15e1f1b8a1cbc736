import { parseDomain, RATE_LIMITS, Refusal, userUri } from "@treehouse/protocol";
import type { UserUri } from "@treehouse/protocol";
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

const lineOf = (site: string, number: number) => `2001:db8:${site}:${number.toString(16)}::/64`;

/** How many starts pass, each from the next of these addresses, without a wait between. */
const passing = (
  take: (user?: UserUri, address?: string) => number,
  addresses: readonly string[],
) => addresses.filter((address) => take(alice, address) === 0).length;

test("R-022 who has a household's or a site's network has a few lines' tries, and not all lines'", () => {
  const household = Array.from({ length: 256 }, (_, each) => lineOf("1", each));
  const site = Array.from({ length: 2000 }, (_, each) => lineOf("2", each * 32));
  expect(passing(at().take, household)).toBe(4 * freeMax);
  expect(passing(at().take, site)).toBe(16 * freeMax);
});

test("R-022 from wherever a user was not seen the tries of one account have a steady rate", () => {
  const { take, pass, tries } = at();
  const { count, perMs } = RATE_LIMITS.loginElsewherePerUser;
  const everywhere = Array.from({ length: 3 * count }, (_, each) => `192.0.2.${each}`);
  tries.seen(alice, "198.51.100.1");
  tries.seen(alice, lineOf("9", 0x1201));
  expect(passing(take, everywhere)).toBe(count);
  expect(take(bob, "192.0.2.1")).toBe(0);
  // Neither an address of hers nor another line of her household waits for what strangers did.
  expect([take(alice, "198.51.100.1"), take(alice, lineOf("9", 0x12ff))]).toEqual([0, 0]);
  tries.succeeded(alice);
  expect(take(alice, "203.0.113.1")).toBeGreaterThan(0);
  pass(perMs / count);
  expect(take(alice, "203.0.113.1")).toBe(0);
  expect(take(alice, "203.0.113.2")).toBeGreaterThan(0);
});

test("R-022 who is known at a line does not wait for its neighbours, and guesses there no faster", () => {
  const { take, tries } = at();
  const home = lineOf("1", 1);
  const neighbours = Array.from({ length: 200 }, (_, each) => lineOf("1", 2 + each));
  expect(passing(take, neighbours)).toBe(4 * freeMax);
  expect(take(alice, home)).toBeGreaterThan(0);
  tries.seen(alice, home);
  expect(passing(take, Array(50).fill(home))).toBe(freeMax);
});
