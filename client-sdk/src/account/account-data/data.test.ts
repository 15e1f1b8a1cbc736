import { randomBytes } from "node:crypto";

import { createNodeCrypto } from "@treehouse/mls/crypto/node";
import { ACCOUNT_DATA_LIMITS, parseDomain, userUri } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";

import type { DataEntries } from "../../storage/index.ts";
import { mergeEntries } from "./merge-entries.ts";
import { recordNames, recordOfPerson, recordOfRoom } from "./records.ts";
import { openRecord, placeOf, sealRecord, slotOf } from "./seal-record.ts";

const crypto = createNodeCrypto({ random: (length) => new Uint8Array(randomBytes(length)) });
const key = crypto.random(32);
const alice = userUri(parseDomain("a.example"), "alice");
const slot = slotOf(crypto, key, "settings");
const previous = new Uint8Array(32).fill(7);

const entries: fc.Arbitrary<DataEntries> = fc.dictionary(
  fc.constantFrom("a", "b", "read r", "read s"),
  fc.record({
    value: fc.oneof(fc.nat(3), fc.constantFrom("x", null)),
    at: fc.nat(3),
  }),
);

test("R-037 whoever merges, in whatever order and however often, comes to the same", () => {
  fc.assert(
    fc.property(entries, entries, entries, (a, b, c) => {
      expect(mergeEntries(a, b)).toEqual(mergeEntries(b, a));
      expect(mergeEntries(mergeEntries(a, b), c)).toEqual(mergeEntries(a, mergeEntries(b, c)));
      expect(mergeEntries(a, a)).toEqual(a);
    }),
  );
});

test("T-37 a later version of the backup counts, whenever it was noted", () => {
  const later = { "backup head": { value: { version: 3 }, at: 1 } };
  const earlier = { "backup head": { value: { version: 2 }, at: 9 } };
  expect(mergeEntries(later, earlier)).toEqual(later);
  expect(mergeEntries(earlier, later)).toEqual(later);
});

test("R-037 what was read farther counts, whenever it was", () => {
  const far = { "read r": { value: 9, at: 1 } };
  const near = { "read r": { value: 4, at: 2 } };
  expect(mergeEntries(near, far)).toEqual(far);
});

test("T-37 a record opens at its own place only: user, slot, version and key", () => {
  const place = placeOf(alice, slot, 3);
  const content = { previous, entries: { theme: { value: "dark", at: 5 } } };
  const sealed = sealRecord(crypto, key, { place, ...content });
  expect(openRecord(crypto, key, { place, sealed })).toEqual(content);
  const other = slotOf(crypto, key, "people/1");
  for (const wrong of [
    placeOf(alice, slot, 4),
    placeOf(alice, other, 3),
    placeOf(userUri(parseDomain("a.example"), "bob"), slot, 3),
  ]) {
    expect(openRecord(crypto, key, { place: wrong, sealed })).toBeUndefined();
  }
  expect(openRecord(crypto, crypto.random(32), { place, sealed })).toBeUndefined();
  for (const changed of [sealed.with(30, (sealed[30] ?? 0) ^ 1), sealed.subarray(0, 20)]) {
    expect(openRecord(crypto, key, { place, sealed: changed })).toBeUndefined();
  }
});

test("T-11 records of one size class have one length, and none is compressed", () => {
  const place = placeOf(alice, slot, 1);
  const lengthWith = (characters: number) =>
    sealRecord(crypto, key, {
      place,
      previous,
      entries: { a: { value: "x".repeat(characters), at: 1 } },
    }).length;
  const lengths = new Set(Array.from({ length: 150 }, (_, characters) => lengthWith(characters)));
  expect([...lengths]).toEqual([256 + 40]);
  expect(lengthWith(300)).toBe(512 + 40);
  expect(() => lengthWith(ACCOUNT_DATA_LIMITS.accountDataBytesMax)).toThrow(
    expect.objectContaining({ code: "limitExceeded" }),
  );
});

test("R-037 slots differ per record and key, and all records are within what the server takes", () => {
  const slots = new Set(recordNames.map((record) => slotOf(crypto, key, record)));
  expect(slots.size).toBe(recordNames.length);
  expect(slots.has(slotOf(crypto, crypto.random(32), "settings"))).toBe(false);
  expect(recordNames.length).toBeLessThanOrEqual(ACCOUNT_DATA_LIMITS.accountDataRecordsMax);
  expect(recordNames).toContain(recordOfPerson(alice));
  expect(recordNames).toContain(recordOfRoom("mimi://a.example/r/x"));
});
