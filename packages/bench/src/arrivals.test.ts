import { expect, test } from "vitest";

import { Arrivals } from "./arrivals.ts";

test("what is lost is not made up for by what comes twice", () => {
  const arrivals = new Arrivals();
  const taken = [1, 2, 2, 4, 100_000, 4].map((number) => arrivals.note(number));
  expect(taken).toEqual([true, true, false, true, true, false]);
  expect([arrivals.distinct, arrivals.doubled]).toEqual([4, 2]);
});
