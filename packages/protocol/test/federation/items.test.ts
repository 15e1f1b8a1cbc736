import fc from "fast-check";
import { expect, test } from "vitest";
import {
  batchAnswerCodec,
  batchCodec,
  chainHashOf,
  encodeEntry,
  entryHash,
  eventsRequestCodec,
  firstPrevious,
  isRefusalCode,
  ITEM_KINDS,
  leaveResponseCodec,
  makeItem,
  mintRoomUri,
  parseDomain,
  readItem,
  refusalOfSubmission,
  Refusal,
  refusalTable,
  refusedSubmission,
  submissionAnswersCodec,
  utf8Encode,
} from "../../src/index.ts";
import type { Entry } from "../../src/index.ts";
import { octets } from "../arbitraries.ts";
import { itemBodyArbitrary } from "../struct-cases-federation.ts";

const incarnation = new Uint8Array(16);

test("what an item says reads back, copied and sliced", () => {
  const property = fc.property(itemBodyArbitrary, (body) => {
    const item = makeItem(7, body);
    expect(readItem(item)).toEqual(body);
    const received = batchCodec.decode(
      batchCodec.encode({ incarnation, items: [item], heads: [] }),
      "sliced",
    );
    expect(received.items.map((one) => readItem(one, "sliced"))).toEqual([body]);
  });
  fc.assert(property, { numRuns: 200 });
});

test("T-41 FED-945 an item that cannot be read spoils no other, whatever its octets", () => {
  const kinds = fc.oneof(fc.constantFrom(...Object.values(ITEM_KINDS)), fc.nat(255));
  const property = fc.property(
    kinds,
    octets({ max: 200 }),
    itemBodyArbitrary,
    (kind, body, good) => {
      const items = [{ sequence: 1, kind, body }, makeItem(2, good)];
      const batch = batchCodec.decode(batchCodec.encode({ incarnation, items, heads: [] }));
      const [bad, other] = batch.items;
      expect(["malformed", "unsupported", "taken"]).toContain(
        codeOf(() => readItem(bad ?? fail())),
      );
      expect(readItem(other ?? fail())).toEqual(good);
    },
  );
  fc.assert(property, { numRuns: 200 });
  const unknown = { sequence: 1, kind: 99, body: new Uint8Array(3) };
  expect(codeOf(() => readItem(unknown))).toBe("unsupported");
  expect(codeOf(() => readItem({ ...unknown, kind: 2 }))).toBe("malformed");
});

test("FED-942 an answer says where the receiver stands, and rejects only what is before", () => {
  const answer =
    (next: number, ...sequences: number[]) =>
    () =>
      batchAnswerCodec.encode({
        incarnation,
        next,
        rejected: sequences.map((sequence) => ({ sequence, code: "malformed" })),
      });
  for (const good of [answer(1), answer(3, 1, 2), answer(9, 4)]) expect(good).not.toThrow();
  for (const bad of [
    answer(0),
    answer(3, 3),
    answer(3, 4),
    answer(9, 4, 4),
    answer(9, 5, 4),
    answer(9, 0),
  ]) {
    expect(bad).toThrow(RangeError);
  }
});

test("FED-951 a page of missed entries has 1 to 256", () => {
  const flags = { introduce: false };
  for (const limit of [1, 256]) {
    expect(() => eventsRequestCodec.encode({ after: 0, limit, flags })).not.toThrow();
  }
  for (const limit of [0, 257]) {
    expect(() => eventsRequestCodec.encode({ after: 0, limit, flags })).toThrow(RangeError);
  }
});

test("FED-928 the leaves that leave are ascending", () => {
  expect(() => leaveResponseCodec.encode({ leaves: [0, 5] })).not.toThrow();
  for (const leaves of [
    [1, 1],
    [2, 1],
  ]) {
    expect(() => leaveResponseCodec.encode({ leaves })).toThrow(RangeError);
  }
});

test("FED-209 the log goes on from the entry that a tombstone stands for", () => {
  const place = {
    ephemeral: false,
    room: mintRoomUri(parseDomain("a.example"), (length) => new Uint8Array(length)),
    generation: 1,
    term: 1,
    position: 1,
    previous: firstPrevious,
    acceptedAt: 1,
  };
  const message = Uint8Array.of(1);
  const original: Entry = { ...place, kind: "application", message, frank: undefined };
  const bytes = encodeEntry(original);
  const replaced = chainHashOf(original, bytes);
  expect(replaced).toEqual(entryHash(bytes));
  const tombstone: Entry = { ...place, kind: "tombstone", reason: 1, replaced, detail: "" };
  expect(chainHashOf(tombstone, encodeEntry(tombstone))).toEqual(replaced);
  expect(chainHashOf(original, bytes, (input) => input.slice(0, 32))).not.toEqual(replaced);
});

test("FED-925 a refused submission carries any refusal, and a long text is cut", () => {
  const codes = Object.keys(refusalTable).filter(isRefusalCode);
  const property = fc.property(
    fc.constantFrom(...codes),
    fc.string({ unit: "binary", maxLength: 2000 }),
    fc.option(fc.maxSafeNat(), { nil: undefined }),
    (code, message, currentEpoch) => {
      const refusal = new Refusal(code, message, {
        ...(currentEpoch === undefined ? {} : { currentEpoch }),
        retryAfterMs: 1e15,
      });
      const bytes = submissionAnswersCodec.encode({ answers: [refusedSubmission(refusal)] });
      const [answer] = submissionAnswersCodec.decode(bytes).answers;
      if (answer?.status !== "refused") throw new Error("not refused");
      const read = refusalOfSubmission(answer);
      expect([read.code, read.data.currentEpoch]).toEqual([code, currentEpoch]);
      expect(read.data.retryAfterMs).toBe(0xffff_ffff);
      expect(utf8Encode(read.message).length).toBeLessThanOrEqual(1024);
    },
  );
  fc.assert(property);
  const later = {
    status: "refused",
    code: "later",
    detail: "",
    currentEpoch: undefined,
    retryAfterMs: undefined,
    hub: undefined,
  } as const;
  expect(refusalOfSubmission(later).code).toBe("internal");
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return "taken";
}

function fail(): never {
  throw new Error("an item less");
}
