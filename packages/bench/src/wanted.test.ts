import { expect, test } from "vitest";

import { readWanted } from "./wanted.ts";

test("numbers and parts that mean nothing are refused, so that no run measures nothing", () => {
  expect(readWanted(["chat", "--seconds", "0.5"])).toMatchObject({ name: "chat", seconds: 0.5 });
  expect(readWanted(["federation", "--part", "third,peers"]).parts).toEqual(["third", "peers"]);
  expect(readWanted(["fanout"]).members).toEqual([10, 100, 1000]);
  expect(readWanted(["scale", "--rooms", "10,20"]).rooms).toEqual([10, 20]);
  for (const [args, words] of [
    [["federation", "--part", "close"], /no part "close". Known: closed/],
    [["chat", "--seconds", "6s"], /--seconds is a number above 0/],
    [["chat", "--seconds", "0"], /--seconds is a number above 0/],
    [["chat", "--rounds", "0"], /--rounds is a whole number from 1 on/],
    [["mls", "--sizes", "2,"], /--sizes is a whole number/],
    [["chat", "idle"], /One bench/],
    [["chat", "--speed"], /--speed/],
  ] as const) {
    expect(() => readWanted(args)).toThrow(words);
  }
});
