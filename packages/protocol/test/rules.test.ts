import { describe, expect, test } from "vitest";
import type { Batch, Component, Entry } from "../src/index.ts";
import {
  batchCodec,
  clientFrameCodec,
  decodeEntry,
  decodeSafeAad,
  deviceSigningCertificateCodec,
  dictionaryCodec,
  encodeEntry,
  encodeSafeAad,
  entryCodec,
  firstPrevious,
  fromHex,
  keyMaterialResponseCodec,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  Refusal,
  toHex,
  TREEHOUSE_AAD_COMPONENT,
  userUri,
} from "../src/index.ts";

const domain = parseDomain("a.example");
const room = mintRoomUri(domain, (length) => new Uint8Array(length));
const alice = userUri(domain, "alice");
const client = mintClientUri(alice, (length) => new Uint8Array(length));
const key = new Uint8Array(32);

describe("FED-110 a dictionary", () => {
  const codec = dictionaryCodec(100);
  const component = (id: number, ...data: number[]): Component => ({
    component: id,
    data: Uint8Array.from(data),
  });

  test("has its components in ascending order, each once", () => {
    const both = [component(2, 7), component(0x9000)];
    expect(toHex(codec.encode(both))).toBe("0700020107900000");
    expect(toHex(codec.encode([]))).toBe("00");
    expect(codeOf(() => codec.decode(fromHex("0790000000020107")))).toBe("malformed");
    expect(codeOf(() => codec.decode(fromHex("06000200000200")))).toBe("malformed");
    expect(() => codec.encode(both.toReversed())).toThrow(RangeError);
    expect(() => codec.encode([component(2), component(2)])).toThrow(RangeError);
  });

  test("keeps the components that nobody here knows", () => {
    const unknown = component(0x7777, 1, 2, 3);
    expect(codec.decode(codec.encode([unknown]))).toEqual([unknown]);
  });
});

test("FED-111 our component in SafeAAD is epoch, fork tag and last position, among others", () => {
  const forkTag = new Uint8Array(16).fill(0xf0);
  const frankingTag = { component: 0x0020, data: Uint8Array.of(1) };
  const bytes = encodeSafeAad({
    treehouse: { epoch: 3, forkTag, lastPosition: 258 },
    others: [frankingTag],
  });
  const ours = `000000000000000310${"f0".repeat(16)}0000000000000102`;
  expect(TREEHOUSE_AAD_COMPONENT).toBe(0x8001);
  expect(toHex(bytes)).toBe(`2800200101800121${ours}`);
  expect(decodeSafeAad(fromHex("00"))).toEqual({ treehouse: undefined, others: [] });
  const short = toHex(bytes).replace("28", "27").replace("800121", "800120").slice(0, -2);
  expect(codeOf(() => decodeSafeAad(fromHex(short)))).toBe("malformed");
  expect(codeOf(() => decodeSafeAad(new Uint8Array(0)))).toBe("malformed");
});

describe("entries", () => {
  const message: Entry = {
    kind: "application",
    ephemeral: false,
    room,
    generation: 1,
    term: 1,
    position: 1,
    previous: firstPrevious,
    acceptedAt: 5,
    message: Uint8Array.of(1),
    frank: undefined,
  };
  const proposal: Entry = { ...message, kind: "proposal", proposals: [Uint8Array.of(1)] };
  const passing: Entry = { ...message, ephemeral: true, position: 0 };
  const flagsAt = 2;
  const lastOfPosition = 3 + 1 + room.length + 4 + 8 + 8 - 1;

  test("FED-202 the first entry of a room has position 1", () => {
    const bytes = encodeEntry(message);
    expect(bytes[lastOfPosition]).toBe(1);
    expect(codeOf(() => decodeEntry(bytes.with(lastOfPosition, 0)))).toBe("malformed");
    expect(() => encodeEntry({ ...message, position: 0 })).toThrow(RangeError);
  });

  test("FED-205 only an application entry is ephemeral, and it takes no position", () => {
    const bytes = encodeEntry(passing);
    expect(entryCodec.decode(bytes)).toEqual(passing);
    expect(codeOf(() => decodeEntry(bytes.with(lastOfPosition, 1)))).toBe("malformed");
    expect(codeOf(() => decodeEntry(bytes.with(flagsAt, 2)))).toBe("malformed");
    expect(codeOf(() => decodeEntry(encodeEntry(proposal).with(flagsAt, 1)))).toBe("malformed");
    expect(() => encodeEntry({ ...passing, position: 1 })).toThrow(RangeError);
    expect(() => encodeEntry({ ...proposal, ephemeral: true })).toThrow(RangeError);
  });
});

test("FED-251 clients stand beside the statuses 0, 1 and 3 only", () => {
  const clients = [{ status: "keyMaterialExhausted", client } as const];
  const taken = keyMaterialResponseCodec.encode({ status: "success", user: alice, clients });
  const outcomes = Array.from({ length: 9 }, (_, status) =>
    codeOf(() => keyMaterialResponseCodec.decode(taken.with(1, status))),
  );
  const no = "malformed";
  expect(outcomes).toEqual(["taken", "taken", no, "taken", no, no, no, no, no]);
});

test("FED-270 the items of a batch have consecutive sequences, the first of all being 1", () => {
  const item = (sequence: number): Batch["items"][number] => ({
    sequence,
    kind: 1,
    body: Uint8Array.of(1),
  });
  const batch = (...sequences: number[]): Batch => ({
    incarnation: new Uint8Array(16),
    items: sequences.map(item),
    heads: [],
  });
  for (const good of [batch(), batch(1), batch(7, 8, 9)]) {
    expect(batchCodec.decode(batchCodec.encode(good))).toEqual(good);
  }
  for (const bad of [batch(0), batch(0, 1), batch(7, 9), batch(7, 7), batch(8, 7)]) {
    expect(() => batchCodec.encode(bad)).toThrow(RangeError);
  }
  const two = batchCodec.encode(batch(7, 8));
  const secondSequence = 16 + 1 + 11 + 7;
  expect(two[secondSequence]).toBe(8);
  expect(codeOf(() => batchCodec.decode(two.with(secondSequence, 9)))).toBe("malformed");
});

test("FED-301 device-signing keys are numbered from 1", () => {
  const certificate = {
    user: alice,
    identityKey: key,
    number: 1,
    deviceSigningKey: key,
    createdAt: 1,
    signature: new Uint8Array(64),
  };
  const bytes = deviceSigningCertificateCodec.encode(certificate);
  const lastOfNumber = 1 + alice.length + 32 + 4 - 1;
  expect(bytes[lastOfNumber]).toBe(1);
  expect(codeOf(() => deviceSigningCertificateCodec.decode(bytes))).toBe("taken");
  expect(codeOf(() => deviceSigningCertificateCodec.decode(bytes.with(lastOfNumber, 0)))).toBe(
    "malformed",
  );
});

test("FED-413 a submission's request id is not 0", () => {
  const request = Uint8Array.of(1);
  for (const type of ["submit", "update"] as const) {
    const bytes = clientFrameCodec.encode({ type, requestId: 1, room, request });
    expect(codeOf(() => clientFrameCodec.decode(bytes.with(4, 2)))).toBe("taken");
    expect(codeOf(() => clientFrameCodec.decode(bytes.with(4, 0)))).toBe("malformed");
    expect(() => clientFrameCodec.encode({ type, requestId: 0, room, request })).toThrow(
      RangeError,
    );
  }
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
