import fc from "fast-check";
import { expect, test } from "vitest";

import { planConversation } from "./plan.ts";

const wanted = fc
  .record({ seed: fc.nat(), messages: fc.integer({ min: 9, max: 400 }), kills: fc.nat(20) })
  .filter(({ messages, kills }) => messages >= 3 * kills);

test("any plan has its messages once, in order, and as many kills as asked for", () => {
  fc.assert(
    fc.property(wanted, (options) => {
      const plan = planConversation({ ...options, canary: "x" });
      const bursts = plan.flat();
      const lines = bursts.flatMap((burst) => burst.lines);
      expect(lines.map(({ text }) => Number.parseInt(text, 10))).toEqual(
        Array.from({ length: options.messages }, (_, index) => index),
      );
      const kills = bursts.filter(({ killAfter }) => killAfter !== undefined);
      expect(kills).toHaveLength(options.kills);
      for (const burst of kills) expect(burst.killAfter).toBeLessThan(burst.lines.length);
      const without = plan[1].flatMap((burst) => burst.lines);
      expect(without.filter(({ user }) => user === "carol")).toEqual([]);
    }),
  );
});

test("a seed decides everything, and another seed decides otherwise", () => {
  const plan = (seed: number) => planConversation({ seed, messages: 60, kills: 5, canary: "x" });
  expect(plan(1)).toEqual(plan(1));
  expect(plan(1)).not.toEqual(plan(2));
});

test("what cannot be planned is refused", () => {
  const options = { seed: 1, canary: "x" };
  for (const [messages, kills] of [
    [8, 0],
    [12, 5],
    [Number.NaN, 1],
    [30, -1],
  ] as const) {
    expect(() => planConversation({ ...options, messages, kills })).toThrow(/messages/);
  }
});
