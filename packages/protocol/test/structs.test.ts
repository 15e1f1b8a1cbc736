import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Bytes } from "../src/index.ts";
import { concatBytes, equalBytes, Refusal } from "../src/index.ts";
import { structCases } from "./struct-cases.ts";
import type { StructCase } from "./struct-case.ts";
import { octets } from "./arbitraries.ts";

const scale = process.env["TREEHOUSE_SCALE"] === "full" ? 40 : 1;
const runs = { numRuns: 50 * scale };
const longRuns = { numRuns: 6 * scale };

describe.each(structCases)("$name", (struct) => {
  test("what is encoded decodes to the same value, copied and sliced", () => {
    const property = fc.property(struct.trips, ({ value, copied, sliced }) => {
      expect(copied).toEqual(value);
      expect(sliced).toEqual(value);
    });
    fc.assert(property, runs);
  });

  test("FED-103 every truncation and every trailing octet is refused", () => {
    const property = fc.property(struct.encodings, (bytes) => {
      const longer = concatBytes(bytes, new Uint8Array(1));
      const others = [longer, ...truncations(bytes)];
      for (const other of others) {
        const outcome = outcomeOf(struct, other);
        expect(outcome === "refused" || struct.hasOpenEnd).toBe(true);
      }
    });
    fc.assert(property, longRuns);
  });

  test("FED-105 an unknown version, kind, status or flag is refused", () => {
    const unknown = fc.constantFrom(0x7e, 0xee, 0xff);
    const property = fc.property(struct.encodings, unknown, (bytes, octet) => {
      for (const offset of struct.closedOctets) {
        expect(outcomeOf(struct, replaced(bytes, offset, [octet]))).toBe("refused");
      }
    });
    fc.assert(property, runs);
  });

  test("FED-101 a length that is not minimal is never taken for one, wherever it stands", () => {
    const property = fc.property(struct.encodings, (bytes) => {
      for (const [offset, octet] of bytes.entries()) {
        const changed = octet < 64 ? replaced(bytes, offset, [0x40, octet]) : bytes;
        expect(["refused", "taken"]).toContain(outcomeOf(struct, changed));
      }
    });
    fc.assert(property, longRuns);
  });

  test("FED-102 a changed encoding is refused or is the one encoding of another value", () => {
    const property = fc.property(
      struct.encodings,
      fc.nat(),
      octets({ max: 3 }),
      (bytes, at, change) => {
        const changed = replaced(bytes, at % (bytes.length + 1), [...change]);
        expect(["refused", "taken"]).toContain(outcomeOf(struct, changed));
      },
    );
    fc.assert(property, runs);
  });

  test("FED-107 any octets whatever are refused or are the one encoding of a value", () => {
    const property = fc.property(octets({ max: 300 }), (bytes) => {
      expect(["refused", "taken"]).toContain(outcomeOf(struct, bytes));
    });
    fc.assert(property, runs);
  });
});

/**
 * Decodes: either a Refusal "malformed", or a value that encodes to exactly these octets. Anything
 * else fails the test.
 */
function outcomeOf(struct: StructCase, bytes: Bytes): "refused" | "taken" {
  let reencoded: Bytes;
  try {
    reencoded = struct.reencode(bytes);
  } catch (error) {
    if (error instanceof Refusal && error.code === "malformed") return "refused";
    throw error;
  }
  if (!equalBytes(reencoded, bytes)) throw new Error("a second encoding of one value");
  return "taken";
}

function truncations(bytes: Bytes): Bytes[] {
  return Array.from({ length: bytes.length }, (_, length) => bytes.slice(0, length));
}

/** One octet replaced by others. */
function replaced(bytes: Bytes, offset: number, by: readonly number[]): Bytes {
  return concatBytes(
    bytes.subarray(0, offset),
    Uint8Array.from(by),
    bytes.subarray(Math.min(offset + 1, bytes.length)),
  );
}
