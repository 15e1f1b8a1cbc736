import { expect, test } from "vitest";

import { fold } from "./fold.ts";

const marks = (...all: readonly string[]) => `a${all.map((mark) => mark.repeat(200_000)).join("")}`;

const hostile: readonly (readonly [string, string])[] = [
  ["marks that are not looked at", marks("\u0315", "\u0316")],
  ["marks that are letters of their own", marks("\u20d0", "\u302a")],
  ["marks behind what decomposes to a mark", `a${"\uff9e\u20d0\u302a".repeat(150_000)}`],
  ["marks between signs that are not looked at", `a${"\u20d0\u302a\u00ad".repeat(150_000)}`],
  ["marks behind what decomposes to nothing", `a${"\u20d0\u302a\ufe71".repeat(150_000)}`],
];

test.each(hostile)("T-39 a text of %s is folded in time that follows its length", (_what, text) => {
  // Where each run is sorted as a whole, each of them takes minutes.
  expect(fold(text).length).toBeLessThan(50);
});

test("what people write of marks counts, and of a run of them the first thirty", () => {
  expect(fold("हिन्दी")).not.toBe(fold("हन्द"));
  expect(fold(`a${"\u20d0".repeat(30)}`)).not.toBe(fold(`a${"\u20d0".repeat(29)}`));
  expect(fold(`a${"\u20d0".repeat(31)}`)).toBe(fold(`a${"\u20d0".repeat(30)}`));
});

test("whatever is sorted once it is decomposed counts as a mark", () => {
  const unbounded: string[] = [];
  for (let code = 0x80; code <= 0x10_ffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const sign = String.fromCodePoint(code);
    // U+0345 is sorted behind all others.
    const isSorted = !`\u0345${sign}`.normalize("NFKD").startsWith("\u0345");
    if (isSorted && fold(sign.repeat(40)) !== fold(sign.repeat(30))) {
      unbounded.push(code.toString(16));
    }
  }
  expect(unbounded).toEqual([]);
});
