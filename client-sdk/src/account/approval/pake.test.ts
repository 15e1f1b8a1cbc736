import { parseUserUri } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { exchangeAsApproving, exchangeAsJoining } from "./pake.ts";

const place = {
  user: parseUserUri("mimi://example.org/u/alice"),
  mailbox: "7K2M",
  secret: "X4Q9T",
};

/** How far the two come, and with which keys. */
async function met(joining: typeof place, approving: typeof place) {
  const [one, other] = [await exchangeAsJoining(joining), await exchangeAsApproving(approving)];
  const second = one.answer(other.first);
  const agreed = second && other.finish(second);
  return { joining: agreed && one.finish(agreed.third), approving: agreed?.key };
}

test("two with the same secret at the same place agree on a key, and on another each time", async () => {
  const [first, again] = [await met(place, place), await met(place, place)];
  expect(first.joining).toEqual(first.approving);
  expect(first.joining).toHaveLength(64);
  expect(again.joining).not.toEqual(first.joining);
});

test("another secret, user or mailbox gives neither side a key", async () => {
  const bob = parseUserUri("mimi://example.org/u/bob");
  for (const other of [{ secret: "X4Q9S" }, { user: bob }, { mailbox: "7K2N" }]) {
    const nothing = { joining: undefined, approving: undefined };
    expect(await met(place, { ...place, ...other })).toEqual(nothing);
  }
});

test("one code takes one guess, also when whoever guesses writes nonsense", async () => {
  const joining = await exchangeAsJoining(place);
  const guess = await exchangeAsApproving({ ...place, secret: "AAAAA" });
  expect(guess.finish(joining.answer(guess.first) ?? new Uint8Array())).toBeUndefined();
  const right = await exchangeAsApproving(place);
  expect(joining.answer(right.first)).toBeUndefined();
  expect(joining.finish(new Uint8Array(64))).toBeUndefined();
  const broken = await exchangeAsJoining(place);
  expect(broken.answer(new Uint8Array(7))).toBeUndefined();
  expect(broken.answer(right.first)).toBeUndefined();
  expect(right.finish(new Uint8Array(320))).toBeUndefined();
});
