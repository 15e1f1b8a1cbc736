import { LIMITS } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { createServerTime } from "./server-time.ts";

test("time is the clock's, and never before what the server has told", () => {
  const clock = { now: 1_000_000, monotonic: 50 };
  const time = createServerTime({ now: () => clock.now, monotonic: () => clock.monotonic });
  expect(time.now()).toBe(1_000_000);
  time.told({ expiresAt: 5_000_000 + LIMITS.ticketLifetimeMs });
  clock.monotonic += 20;
  expect(time.now()).toBe(5_000_020);
  clock.now = 9_000_000;
  expect(time.now()).toBe(9_000_000);
});
