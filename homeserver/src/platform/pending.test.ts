import { LIMITS } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createPending } from "./pending.ts";

function counting() {
  const clock = { now: 1_000, drawn: 0 };
  const env = {
    now: () => clock.now,
    random: (length: number) => {
      clock.drawn += 1;
      const octets = new Uint8Array(length);
      new DataView(octets.buffer).setUint32(0, clock.drawn);
      return octets;
    },
  };
  return { clock, pending: createPending<string>(env) };
}

test("what was taken is gone, what was looked at is not", () => {
  const { pending } = counting();
  const { id, expiresAt } = pending.add("value");
  expect(expiresAt).toBe(1_000 + LIMITS.loginLifetimeMs);
  expect(pending.peek(id)).toBe("value");
  expect(pending.take(id)).toBe("value");
  expect(pending.peek(id)).toBeUndefined();
  expect(pending.take(id)).toBeUndefined();
});

test("an exchange ends at its time", () => {
  const { pending, clock } = counting();
  const { id, expiresAt } = pending.add("value");
  clock.now = expiresAt - 1;
  expect(pending.peek(id)).toBe("value");
  clock.now = expiresAt;
  expect(pending.peek(id)).toBeUndefined();
  expect(pending.take(id)).toBeUndefined();
});

test("when full, the oldest makes room and the others stay", () => {
  const { pending } = counting();
  const first = pending.add("first");
  const second = pending.add("second");
  for (let more = 2; more < LIMITS.loginsPendingMax; more += 1) pending.add("more");
  expect(pending.peek(first.id)).toBe("first");
  const last = pending.add("last");
  expect(pending.peek(first.id)).toBeUndefined();
  expect(pending.peek(second.id)).toBe("second");
  expect(pending.peek(last.id)).toBe("last");
});
