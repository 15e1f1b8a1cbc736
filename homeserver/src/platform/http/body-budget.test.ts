import { LIMITS } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createBodyBudget } from "./body-budget.ts";

const most = LIMITS.bodiesBytesPerUserMax;

test("FED-935 what a server has sent counts for its address until it is known, and then for itself", () => {
  const budget = createBodyBudget();
  const first = budget.open("address");
  first.take(most);
  expect(() => budget.open("address").take(1)).toThrow("at once");
  first.moveTo("one.example");
  const second = budget.open("address");
  second.take(most);
  expect(() => second.moveTo("one.example")).toThrow("at once");
  second.moveTo("two.example");
  first.release();
  budget.open("address").take(most);
  budget.open("one.example").take(most);
  expect(() => budget.open("two.example").take(1)).toThrow("at once");
  second.release();
  budget.open("two.example").take(most);
});

test("a household's network holds a few lines' worth of unanswered requests, and not all lines'", () => {
  const budget = createBodyBudget();
  const held = Array.from(
    { length: 256 },
    (_, line) => `2001:db8:1:${line.toString(16)}::/64`,
  ).filter((address) => {
    try {
      budget.open(address).take(most);
      return true;
    } catch {
      return false;
    }
  });
  expect(held).toHaveLength(4);
});
