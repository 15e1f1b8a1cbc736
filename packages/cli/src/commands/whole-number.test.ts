import { expect, test } from "vitest";

import { wholeNumber } from "./whole-number.ts";

test("a number is written in digits alone, and the option that has another is named", () => {
  expect(wholeNumber("--limit", "20")).toBe(20);
  for (const text of ["", "0", "-1", "1.5", "1e3", "0x10", " 1", "ten", "9007199254740993"]) {
    expect(() => wholeNumber("--limit", text)).toThrow("--limit takes a whole number above 0");
  }
});
