import { expect, expectTypeOf, test } from "vitest";

import { AtOnce, type CallsOf, checkedCalls, input } from "./index.ts";

type Face = {
  readonly id: string;
  say(said: string, options?: { readonly loud?: boolean }): Promise<string>;
  readonly within: { loop(from: number): readonly number[] };
};
const face: Face = {
  id: "x",
  say: async (said, { loud = false } = {}) => (loud ? said.toUpperCase() : said),
  within: { loop: (from) => [from] },
};
const calls: CallsOf<Face> = {
  say: { said: input.text, options: input.options({ loud: input.flag }) },
  within: { loop: new AtOnce({ from: input.time }) },
};
const checked = checkedCalls(face, calls);

test("what is in its form goes on to the call, a time as a whole number", async () => {
  expect(await checked.say("cake", { loud: true })).toBe("CAKE");
  expect(await checked.say("cake")).toBe("cake");
  expect(checked.within.loop(0.5)).toEqual([1]);
  expect(checked.id).toBe("x");
});

test("what is not is refused, as a rejection where the call answers with a promise", async () => {
  const wrong: [string, { loud: boolean }] = JSON.parse('["cake", { "loud": "yes" }]');
  const said = checked.say(...wrong);
  await expect(said).rejects.toMatchObject({ code: "malformed", data: { field: "options.loud" } });
  expect(() => checked.within.loop(Number.NaN)).toThrow(/^from: /);
});

test("what a call throws by itself passes as it is", async () => {
  const bug = new RangeError("a bug");
  const failing: Face = { ...face, say: () => Promise.reject(bug) };
  const broken = checkedCalls(failing, calls);
  await expect(broken.say("cake")).rejects.toBe(bug);
});

test("the compiler misses a call whose forms nobody has written down", () => {
  expectTypeOf<{ say: object }>().not.toExtend<CallsOf<Face>>();
  expectTypeOf<{ say: object; within: { loop: object } }>().not.toExtend<CallsOf<Face>>();
});
