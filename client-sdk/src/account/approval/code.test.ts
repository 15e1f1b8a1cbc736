import { randomBytes } from "node:crypto";

import { parseDomain } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { createCode, parseCode } from "./code.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const where = { domain: parseDomain("example.org"), mailbox: "70K1" };

test("a code can be typed in any way in which it may be read", () => {
  const { code, text } = createCode(random, "code", where);
  expect(text).toMatch(/^70K1-[0-9A-HJKMNP-TV-Z]{3}-[0-9A-HJKMNP-TV-Z]{3}$/);
  const sloppy = text.replaceAll("0", "o").replaceAll("1", "i").toLowerCase();
  for (const typed of [text, sloppy, ` ${text.replaceAll("-", " ")}\n`]) {
    expect(parseCode(typed)).toEqual(code);
  }
});

test("a code that was cut off or has other characters is told, and nearly every mistyped one", () => {
  const { text } = createCode(() => Uint8Array.from([1, 2, 3, 4, 5]), "code", where);
  for (const typed of ["", text.slice(1), `${text}0`, `u${text.slice(1)}`, "treehouse-approve:"]) {
    expect(() => parseCode(typed)).toThrow("no code of a new client");
  }
  // The last character is a check of five bits: of the others in one place, few pass.
  const others = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    .split("")
    .flatMap((other) =>
      [0, 1, 2, 3, 5, 6, 7, 9, 10, 11].map((at) => text.slice(0, at) + other + text.slice(at + 1)),
    );
  const passing = others.filter((typed) => typed !== text && parses(typed));
  expect(passing.length).toBeLessThan(others.length / 16);
});

function parses(typed: string): boolean {
  try {
    parseCode(typed);
    return true;
  } catch {
    return false;
  }
}

test("what a QR code holds names the server and has a secret that nobody guesses", () => {
  const { code, text } = createCode(random, "qr", where);
  expect(parseCode(` ${text}\n`)).toEqual(code);
  expect(code).toMatchObject({ ...where, secret: expect.stringMatching(/^[\w-]{43}$/) });
  for (const typed of [text.slice(0, -1), `${text}A`, text.replace(":1:", ":2:")]) {
    expect(() => parseCode(typed)).toThrow("not of this version");
  }
});
