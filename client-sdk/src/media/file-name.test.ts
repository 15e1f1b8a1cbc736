import { basename } from "node:path";

import fc from "fast-check";
import { expect, test } from "vitest";

import { safeFileName } from "./file-name.ts";

test("FED-876 T-30 R-082 a suggested name becomes one that lies in one folder and deceives no eye", () => {
  const of = (name: string) => safeFileName(name).name;
  expect(of("../../etc/passwd")).toBe("_.._etc_passwd");
  expect(of("..")).toBe("file");
  expect(of("")).toBe("file");
  expect(of("C:\\Windows\\a.txt")).toBe("C__Windows_a.txt");
  expect(of("photo\u202Egnp.exe")).toBe("photognp.exe");
  expect(of("a\u0000b\u001b[2Jc")).toBe("ab[2Jc");
  expect(of(".bashrc")).toBe("bashrc");
  expect(of("con.txt")).toBe("_con.txt");
  expect(of("trailing. . ")).toBe("trailing");
  expect(of("-rf")).toBe("_rf");
  expect(of(" .--checkpoint-action=exec=sh x.sh")).toBe("_-checkpoint-action=exec=sh x.sh");
  expect(of("\u200e-rf")).toBe("_rf");
  expect(of("a\u061cb\u200e\u200f\u2066c\u{e0041}\u{e007f}.txt")).toBe("abc.txt");
  expect(of("کتاب\u200cها 👩‍🌾.txt")).toBe("کتاب\u200cها 👩‍🌾.txt");
  expect(of("日本語 🎂.png")).toBe("日本語 🎂.png");
  expect(of(`${"長".repeat(300)}.tar`)).toMatch(/^長{65}\.tar$/);
  expect(safeFileName("plan.pdf")).toEqual({ name: "plan.pdf", changed: false });
  expect(safeFileName("a/b").changed).toBe(true);
});

const point = fc.oneof(
  { weight: 4, arbitrary: fc.nat(0x10_ffff).map((code) => String.fromCodePoint(code)) },
  { weight: 1, arbitrary: fc.constantFrom("-", ".", " ", "\u061c", "\u200f", "\u{e0041}") },
);

test("T-30 whatever is suggested, nothing is written outside the folder", () => {
  fc.assert(
    fc.property(
      fc.array(point, { maxLength: 99 }).map((all) => all.join("")),
      (suggested) => {
        const { name } = safeFileName(suggested);
        expect(basename(name)).toBe(name);
        expect(name).not.toMatch(/^[-.]|[/\\\p{Cc}\p{Bidi_Control}\u{e0000}-\u{e007f}]|^$/u);
        expect(new TextEncoder().encode(name).length).toBeLessThanOrEqual(200);
        expect(safeFileName(name).name).toBe(name);
      },
    ),
    { numRuns: 300 },
  );
});
