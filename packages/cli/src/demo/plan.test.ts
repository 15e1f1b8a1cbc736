import fc from "fast-check";
import { expect, test } from "vitest";

import { removed } from "./cast.ts";
import { planConversation } from "./plan.ts";

const wanted = fc
  .record({
    seed: fc.nat(),
    messages: fc.integer({ min: 9, max: 400 }),
    kills: fc.nat(20),
    cuts: fc.nat(20),
  })
  .filter(({ messages, kills, cuts }) => messages >= 3 * (kills + cuts));

test("any plan has its messages once, in order, and as many kills and cuts as asked for", () => {
  fc.assert(
    fc.property(wanted, (options) => {
      const plan = planConversation({ ...options, canary: "x" });
      const bursts = plan.flat();
      const lines = bursts.flatMap((burst) => burst.lines);
      expect(lines.map(({ text }) => Number.parseInt(text, 10))).toEqual(
        Array.from({ length: options.messages }, (_, index) => index),
      );
      const blows = bursts.flatMap(({ blow }) => (blow === undefined ? [] : [blow]));
      const servers = (kind: string) =>
        new Set(blows.filter((blow) => blow.kind === kind).map(({ server }) => server));
      expect(blows.filter(({ kind }) => kind === "kill")).toHaveLength(options.kills);
      expect(blows.filter(({ kind }) => kind === "cut")).toHaveLength(options.cuts);
      expect(servers("kill").size).toBe(Math.min(options.kills, 3));
      expect(servers("cut").size).toBe(Math.min(options.cuts, 2));
      for (const burst of bursts) {
        expect(burst.blow?.after ?? 0).toBeLessThan(burst.lines.length);
      }
      const without = plan[1].flatMap((burst) => burst.lines);
      expect(without.filter(({ user }) => removed.includes(user))).toEqual([]);
    }),
  );
});

test("a seed decides everything, and another seed decides otherwise", () => {
  const plan = (seed: number) =>
    planConversation({ seed, messages: 60, kills: 5, cuts: 3, canary: "x" });
  expect(plan(1)).toEqual(plan(1));
  expect(plan(1)).not.toEqual(plan(2));
});

test("what cannot be planned is refused", () => {
  const options = { seed: 1, canary: "x" };
  for (const [messages, kills, cuts] of [
    [8, 0, 0],
    [12, 5, 0],
    [12, 2, 3],
    [Number.NaN, 1, 1],
    [30, -1, 0],
    [30, 0, 0.5],
  ] as const) {
    expect(() => planConversation({ ...options, messages, kills, cuts })).toThrow(/messages/);
  }
});
