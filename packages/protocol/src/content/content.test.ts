import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { type Bytes, fromHex, toHex, utf8Encode } from "../bytes/index.ts";
import { parseRoomUri, parseUserUri } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import type { CborValue } from "./cbor.ts";
import { decodeCbor } from "./decode-cbor.ts";
import { encodeCbor } from "./encode-cbor.ts";
import {
  checkContent,
  decodeContent,
  decodeMessageStatus,
  encodeContent,
  encodeMessageStatus,
  messageId,
  MESSAGE_STATUSES,
  type MimiContent,
  type NestedPart,
  textContent,
  textOf,
} from "./index.ts";

const given = process.env["TREEHOUSE_VECTORS"] ?? "";
const vectors = given === "" ? join(import.meta.dirname, "../../../../../shared/data") : given;
const present = existsSync(join(vectors, "mimi-content"));
if (!present) {
  const line = "not run: MIMI content vectors: no folder mimi-content beside the repository";
  console.log(line);
  const list = process.env["TREEHOUSE_NOT_RUN"] ?? "";
  if (list !== "") appendFileSync(list, `${line}\n`);
}

const senderUri = parseUserUri("mimi://example.org/u/alice");
const roomUri = parseRoomUri("mimi://example.org/r/aaaaaaaaaaaaaaaaaaaaaaaaaa");
const salt = fromHex("000102030405060708090a0b0c0d0e0f");
const hello = textContent({ text: "Hello", salt, senderUri, roomUri });

/** Says how a decoder ends: any other error than a Refusal "malformed" escapes. */
function outcome(decode: () => unknown): "value" | "malformed" {
  try {
    decode();
    return "value";
  } catch (error) {
    if (error instanceof Refusal && error.code === "malformed") return "malformed";
    throw error;
  }
}

describe.skipIf(!present)("the golden files of MIMI content and message status", () => {
  const folder = join(vectors, "mimi-content");
  const read = (...path: string[]): Bytes => new Uint8Array(readFileSync(join(vectors, ...path)));
  const names = present
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".cbor") && name !== "implied-original.cbor")
        .toSorted()
    : [];

  it("are all there", () => {
    expect(names).toHaveLength(14);
  });

  it.each(names)("%s is read and written again octet by octet", (name) => {
    const bytes = read("mimi-content", name);
    expect(toHex(encodeContent(decodeContent(bytes)))).toBe(toHex(bytes));
  });

  it("give the ids that were derived independently, 14 of 14", () => {
    const schema = z.array(
      z.object({
        name: z.string(),
        sender_uri: z.string(),
        room_uri: z.string(),
        salt: z.string(),
        message: z.string(),
        message_id: z.string(),
      }),
    );
    const path = join(vectors, "derived", "mimi-content-message-ids.json");
    const cases = schema.parse(JSON.parse(readFileSync(path, "utf8")));
    const right = cases.filter((one) => {
      const content = fromHex(one.message);
      const decoded = decodeContent(content);
      expect(toHex(decoded.salt)).toBe(one.salt);
      expect(toHex(content)).toBe(toHex(read("mimi-content", `${one.name}.cbor`)));
      const uris = { senderUri: one.sender_uri, roomUri: one.room_uri };
      return toHex(messageId({ ...uris, content, salt: decoded.salt })) === one.message_id;
    });
    expect(`${right.length} of ${cases.length}`).toBe("14 of 14");
  });

  it("implied-original is deterministic CBOR, written again octet by octet", () => {
    const bytes = read("mimi-content", "implied-original.cbor");
    expect(toHex(encodeCbor(decodeCbor(bytes, 4)))).toBe(toHex(bytes));
  });

  it("a status report is read and written again", () => {
    const bytes = read("message-status", "status.cbor");
    const report = decodeMessageStatus(bytes);
    const { read: seen, unread, expired } = MESSAGE_STATUSES;
    expect(report.map(({ status }) => status)).toEqual([seen, seen, unread, expired]);
    expect(toHex(encodeMessageStatus(report))).toBe(toHex(bytes));
  });
});

describe("content", () => {
  it("FED-820 carries text, its sender and its room", () => {
    const decoded = decodeContent(encodeContent(hello));
    expect(decoded).toEqual(hello);
    expect(textOf(decoded)).toBe("Hello");
    const arrival = { sender: senderUri, room: roomUri, acceptedAt: 0 };
    expect(() => checkContent(decoded, arrival)).not.toThrow();
    const other = parseUserUri("mimi://example.org/u/bob");
    expect(() => checkContent(decoded, { ...arrival, sender: other })).toThrow(/another sender/);
  });

  it("FED-821 that expires more than a year away is refused on arrival", () => {
    const arrival = { sender: senderUri, room: roomUri, acceptedAt: 1_700_000_000_000 };
    const at = (relative: boolean, seconds: number) => () =>
      checkContent({ ...hello, expires: { relative, seconds } }, arrival);
    expect(at(true, 3600)).not.toThrow();
    expect(at(false, 1_700_003_600)).not.toThrow();
    expect(at(true, 32_000_000)).toThrow(/more than a year/);
    expect(at(false, 1_600_000_000)).toThrow(/more than a year/);
  });

  const cases: readonly [string, (fields: CborValue[]) => void][] = [
    ["a salt of 15 octets", (f) => (f[0] = new Uint8Array(15))],
    ["a replaced message named in full but by another hash", (f) => (f[1] = new Uint8Array(32))],
    ["a reply to something that is no id", (f) => (f[4] = new Uint8Array(31).fill(1))],
    ["a topic of 4097 octets", (f) => (f[2] = new Uint8Array(4097))],
    ["an expiry before 1970", (f) => (f[3] = [false, -1])],
    ["an expiry without its kind", (f) => (f[3] = [0, 1])],
    ["extensions as a list", (f) => (f[5] = [])],
    ["a byte string as extension key", (f) => (f[5] = new Map([[salt, 1]]))],
    ["an empty extension key", (f) => (f[5] = new Map([["", 1]]))],
    ["the key __proto__", (f) => (f[5] = new Map([["__proto__", 1]]))],
    [
      "the key __proto__ inside a value",
      (f) => (f[5] = new Map([[-1, new Map([["__proto__", 1]])]])),
    ],
    ["an extension of 4096 octets", (f) => (f[5] = new Map([[-1, new Uint8Array(4093)]]))],
    ["an extension of depth 5", (f) => (f[5] = new Map([[-1, [[[[1]]]]]]))],
    ["a sender that is no text", (f) => (f[5] = new Map([[1, 7]]))],
    ["an undefined cardinality", (f) => (f[6] = [1, "", 4])],
    ["a disposition of 256", (f) => (f[6] = [256, "", 0])],
    ["a text as content", (f) => (f[6] = [1, "", 1, "text/plain", "Hello"])],
    [
      "unknown part semantics",
      (f) =>
        (f[6] = [
          1,
          "",
          3,
          3,
          [
            [1, "", 0],
            [1, "", 0],
          ],
        ]),
    ],
    ["a multipart of one part", (f) => (f[6] = [1, "", 3, 0, [[1, "", 0]]])],
    ["parts of depth 5", (f) => (f[6] = nest(5))],
    [
      "more than 1024 parts",
      (f) => (f[6] = [1, "", 3, 0, Array.from({ length: 1024 }, () => [1, "", 0])]),
    ],
    ["an eighth field", (f) => f.push(null)],
    ["a missing field", (f) => f.pop()],
  ];

  it.each(cases)("FED-803 FED-804 %s is malformed", (_, change) => {
    const fields: CborValue[] = [salt, null, new Uint8Array(0), null, null, new Map(), [1, "", 0]];
    expect(outcome(() => decodeContent(encodeCbor(fields)))).toBe("value");
    change(fields);
    expect(outcome(() => decodeContent(encodeCbor(fields)))).toBe("malformed");
  });

  it("FED-805 has no key for an external part that is not encrypted", () => {
    const none = new Uint8Array(0);
    const outcomeWith = (encAlg: number, key: Bytes, aad: Bytes = none) => {
      const file = ["image/png", "https://a.example/1", 0, 1, encAlg, key, none, aad];
      const part = [1, "", 2, ...file, 0, none, "", ""];
      const fields = [salt, null, none, null, null, new Map(), part];
      return outcome(() => decodeContent(encodeCbor(fields)));
    };
    expect(outcomeWith(0, none)).toBe("value");
    expect(outcomeWith(1, salt)).toBe("value");
    expect(outcomeWith(0, salt)).toBe("malformed");
    expect(outcomeWith(0, none, salt)).toBe("malformed");
  });

  it("FED-822 shows its text, or that of the first part that has one", () => {
    const part = (contentType: string, text: string): NestedPart => {
      const content = utf8Encode(text);
      return { kind: "single", disposition: 1, language: "", contentType, content };
    };
    const body: NestedPart = {
      kind: "multi",
      disposition: 1,
      language: "",
      semantics: "chooseOne",
      parts: [
        part("text/html", "<b>no</b>"),
        part("text/markdown;variant=GFM-MIMI", "*yes*"),
        part("text/plain;charset=utf-8", "later"),
      ],
    };
    expect(textOf({ ...hello, body })).toBe("*yes*");
    expect(textOf({ ...hello, body: part("text/html", "<b>no</b>") })).toBeUndefined();
  });

  it("of the greatest depth and number is taken", () => {
    const fields: CborValue[] = [salt, null, new Uint8Array(0), null, null, new Map(), nest(4)];
    expect(outcome(() => decodeContent(encodeCbor(fields)))).toBe("value");
    fields[6] = [1, "", 3, 0, Array.from({ length: 1023 }, () => [1, "", 0])];
    expect(outcome(() => decodeContent(encodeCbor(fields)))).toBe("value");
    fields[5] = new Map<number, CborValue>([[-1, [[[1]]]]]);
    expect(outcome(() => decodeContent(encodeCbor(fields)))).toBe("value");
  });

  it("that is too long is refused by name before it is sent", () => {
    const long = textContent({ text: "x".repeat(65_536), salt, senderUri, roomUri });
    expect(() => encodeContent(long)).toThrow(Refusal);
    expect(() => encodeContent({ ...hello, salt: new Uint8Array(3) })).toThrow(RangeError);
  });

  function nest(depth: number): CborValue {
    return depth === 1 ? [1, "", 0] : [1, "", 3, 0, [nest(depth - 1), [1, "", 0]]];
  }
});

describe("properties", () => {
  const bytes = (max: number): fc.Arbitrary<Bytes> =>
    fc.uint8Array({ maxLength: max }).map((value) => new Uint8Array(value));
  const id = fc
    .uint8Array({ minLength: 31, maxLength: 31 })
    .map((value) => new Uint8Array([1, ...value]));
  const head = { disposition: fc.nat(255), language: fc.constantFrom("", "de", "en,fr") };
  const leaf: fc.Arbitrary<NestedPart> = fc.oneof(
    fc.record({ kind: fc.constant("null" as const), ...head }),
    fc.record({
      kind: fc.constant("single" as const),
      ...head,
      contentType: fc.constantFrom("text/plain;charset=utf-8", "image/png"),
      content: bytes(40),
    }),
    fc.record({
      kind: fc.constant("external" as const),
      ...head,
      contentType: fc.constantFrom("", "video/mp4"),
      url: fc.webUrl(),
      expires: fc.nat(),
      size: fc.maxSafeNat(),
      encAlg: fc.constant(1),
      key: bytes(16),
      nonce: bytes(12),
      aad: bytes(4),
      hashAlg: fc.nat(255),
      contentHash: bytes(32),
      description: fc.string({ unit: "grapheme" }),
      filename: fc.string(),
    }),
  );
  const multi = (inner: fc.Arbitrary<NestedPart>): fc.Arbitrary<NestedPart> =>
    fc.record({
      kind: fc.constant("multi" as const),
      ...head,
      semantics: fc.constantFrom("chooseOne", "singleUnit", "processAll"),
      parts: fc.array(inner, { minLength: 2, maxLength: 4 }),
    });
  const extensions = fc
    .array(
      fc.tuple(
        fc.oneof(fc.integer({ min: -300, max: -1 }), fc.stringMatching(/^[a-z]{1,9}$/)),
        fc.oneof(
          fc.maxSafeInteger(),
          fc.boolean(),
          fc.string(),
          bytes(9),
          fc.double().map((float) => ({ float })),
          fc.array(fc.maxSafeInteger(), { maxLength: 3 }),
        ),
      ),
      { maxLength: 5 },
    )
    .map((entries) => new Map<number | string, CborValue>(sortByEncoding(entries)));
  const content: fc.Arbitrary<MimiContent> = fc.record({
    salt: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((value) => new Uint8Array(value)),
    replaces: fc.option(id, { nil: undefined }),
    topicId: bytes(20),
    expires: fc.option(fc.record({ relative: fc.boolean(), seconds: fc.nat() }), {
      nil: undefined,
    }),
    inReplyTo: fc.option(id, { nil: undefined }),
    extensions,
    body: fc.oneof(leaf, multi(leaf), multi(fc.oneof(leaf, multi(leaf)))),
  });

  function sortByEncoding<T>(entries: readonly (readonly [number | string, T])[]) {
    const hex = (key: number | string): string => toHex(encodeCbor(key));
    return entries.toSorted(([a], [b]) => (hex(a) < hex(b) ? -1 : 1));
  }

  it("FED-806 every message survives the way there and back", () => {
    fc.assert(
      fc.property(content, (value) => {
        expect(decodeContent(encodeContent(value))).toEqual(value);
      }),
      { numRuns: 150 },
    );
  });

  it("FED-807 any octets give a value with this very encoding, or a Refusal malformed", () => {
    const encoded = encodeContent(hello);
    const mutated = fc
      .array(fc.tuple(fc.nat(encoded.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 })
      .map((edits) => {
        const copy = encoded.slice();
        for (const [at, octet] of edits) copy[at] = octet;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), mutated), (octets) => {
        const hex = toHex(octets);
        const again = (encode: () => Bytes): string =>
          outcome(encode) === "value" ? toHex(encode()) : hex;
        expect(again(() => encodeContent(decodeContent(octets)))).toBe(hex);
        expect(again(() => encodeMessageStatus(decodeMessageStatus(octets)))).toBe(hex);
        expect(again(() => encodeCbor(decodeCbor(octets, 8)))).toBe(hex);
      }),
      { numRuns: 2000 },
    );
  });

  it("every prefix of a message is malformed", () => {
    const encoded = encodeContent(hello);
    for (let length = 0; length < encoded.length; length++) {
      expect(outcome(() => decodeContent(encoded.subarray(0, length)))).toBe("malformed");
    }
  });

  it("nesting without end is refused and not followed", () => {
    expect(outcome(() => decodeContent(new Uint8Array(65_000).fill(0x81)))).toBe("malformed");
    expect(outcome(() => decodeContent(new Uint8Array(65_000).fill(0xc1)))).toBe("malformed");
  });
});
