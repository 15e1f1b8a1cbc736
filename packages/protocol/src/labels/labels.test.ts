import { expect, test } from "vitest";
import { sha256, toHex, utf8Encode } from "../bytes/index.ts";
import { labelledHash, LABELS, signedBytes } from "./index.ts";

test("T-10 FED-130 no two labels are the same", () => {
  const labels = Object.values(LABELS);
  expect(new Set(labels).size).toBe(labels.length);
});

test("T-02 FED-130 what is signed is the prefixed label and the content, each with its length", () => {
  expect(toHex(signedBytes("HeadTBS", Uint8Array.of(1, 2)))).toBe(
    `15${toHex(utf8Encode("Treehouse 1.0 HeadTBS"))}020102`,
  );
});

test("a hash depends on the label, and the hash function can be given", () => {
  const content = Uint8Array.of(1);
  const entry = toHex(labelledHash(LABELS.entryHash, content));
  expect(entry).not.toBe(toHex(labelledHash(LABELS.rosterHash, content)));
  expect(labelledHash(LABELS.entryHash, content, (input) => input.slice(0, 2))).toHaveLength(2);
});

test.each([0, 1, 63, 64, 16_000, 16_384, 70_000])(
  "FED-203 the hash of %i octets is that of what would be signed, one after another",
  (length) => {
    const content = new Uint8Array(length).fill(7);
    const expected = toHex(sha256(signedBytes(LABELS.entryHash, content)));
    expect(toHex(labelledHash(LABELS.entryHash, content))).toBe(expected);
    expect(toHex(labelledHash(LABELS.entryHash, content))).toBe(expected);
  },
);
