import fc from "fast-check";
import { expect, test } from "vitest";
import {
  compareSafetyNumber,
  contactSafetyNumber,
  groupSafetyNumber,
  parseDomain,
  parseGroupUri,
  Refusal,
  userUri,
} from "../src/index.ts";

const domain = parseDomain("a.example");
const alice = { user: userUri(domain, "alice"), identityKey: new Uint8Array(32).fill(1) };
const bob = { user: userUri(domain, "bob"), identityKey: new Uint8Array(32).fill(2) };
const swapped = { ...bob, identityKey: new Uint8Array(32).fill(3) };
const state = {
  group: parseGroupUri(`mimi://a.example/g/${"a".repeat(26)}.1`),
  epoch: 3,
  treeHash: new Uint8Array(32).fill(4),
  epochAuthenticator: new Uint8Array(32).fill(5),
};

test("FED-340 both sides show one number, of 60 digits, and another key gives another", () => {
  const number = contactSafetyNumber(alice, bob);
  expect(number).toEqual(contactSafetyNumber(bob, alice));
  expect(number.digits).toMatch(/^(?:\d{5} ){11}\d{5}$/);
  const other = contactSafetyNumber(alice, swapped);
  // The half that is Alice's stays; Bob's is another one.
  expect(other.digits.slice(0, 36)).toBe(number.digits.slice(0, 36));
  expect(other.digits.slice(36)).not.toBe(number.digits.slice(36));
  expect(() => contactSafetyNumber(alice, alice)).toThrow(RangeError);
});

test("FED-340 a key is the user's: the same key of another user gives other digits", () => {
  const carol = { ...bob, user: userUri(domain, "carol") };
  const digits = contactSafetyNumber(alice, carol).digits.slice(36);
  expect(digits).not.toBe(contactSafetyNumber(alice, bob).digits.slice(36));
});

test("FED-341 each part of a group's state changes its number", () => {
  const { digits } = groupSafetyNumber(state);
  const others = [
    { ...state, epoch: 4 },
    { ...state, treeHash: new Uint8Array(32) },
    { ...state, epochAuthenticator: new Uint8Array(32) },
    { ...state, group: parseGroupUri(`mimi://a.example/g/${"a".repeat(26)}.2`) },
  ].map((other) => groupSafetyNumber(other).digits);
  expect(new Set([digits, ...others]).size).toBe(5);
  expect(digits).toMatch(/^(?:\d{5} ){11}\d{5}$/);
});

test("FED-342 what is scanned or typed matches, differs, or is of something else", () => {
  const number = contactSafetyNumber(alice, bob);
  const other = contactSafetyNumber(alice, swapped);
  const group = groupSafetyNumber(state);
  const later = groupSafetyNumber({ ...state, epoch: 4 });
  const forked = groupSafetyNumber({ ...state, treeHash: new Uint8Array(32) });
  expect(compareSafetyNumber(number, ` ${number.payload}\n`)).toBe("match");
  expect(compareSafetyNumber(number, number.digits)).toBe("match");
  expect(compareSafetyNumber(number, number.digits.replaceAll(" ", ""))).toBe("match");
  expect(compareSafetyNumber(number, other.payload)).toBe("mismatch");
  expect(compareSafetyNumber(number, other.digits)).toBe("mismatch");
  expect(compareSafetyNumber(number, group.payload)).toBe("unrelated");
  expect(compareSafetyNumber(group, group.payload)).toBe("match");
  expect(compareSafetyNumber(group, later.payload)).toBe("unrelated");
  expect(compareSafetyNumber(group, forked.payload)).toBe("mismatch");
});

test("FED-342 whatever is scanned is compared or refused as malformed", () => {
  const number = contactSafetyNumber(alice, bob);
  const { payload } = number;
  const altered = fc
    .tuple(fc.nat(payload.length - 1), fc.constantFrom("A", "z", "_", "!", ""))
    .map(([at, text]) => payload.slice(0, at) + text + payload.slice(at + 1));
  fc.assert(
    fc.property(fc.oneof(fc.string(), altered), (scanned) => {
      const expected = scanned.trim() === payload ? ["match"] : others;
      expect(expected).toContain(outcomeOf(() => compareSafetyNumber(number, scanned)));
    }),
  );
});

const others: readonly string[] = ["mismatch", "unrelated", "malformed"];

function outcomeOf(run: () => string): string {
  try {
    return run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}
