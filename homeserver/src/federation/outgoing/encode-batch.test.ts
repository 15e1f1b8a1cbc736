import {
  batchCodec,
  equalBytes,
  ITEM_KINDS,
  mintRoomUri,
  parseDomain,
  readItem,
} from "@treehouse/protocol";
import type { SignedHead } from "@treehouse/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBatch } from "./encode-batch.ts";
import { bodyOf, itemLength } from "./item.ts";
import type { OutboxItem, Pending } from "./item.ts";

const domain = parseDomain("north.example");
const octets = (length: number) => new Uint8Array(length).fill(length);
const room = mintRoomUri(domain, () => octets(16));
const incarnation = octets(16);

const head: SignedHead = {
  head: {
    room,
    generation: 0,
    term: 1,
    position: 9,
    hash: octets(32),
    epoch: 2,
    treeHash: octets(32),
  },
  signature: octets(64),
};

const entry = fc.integer({ min: 1, max: 17_000 }).map(octets);
const item: fc.Arbitrary<OutboxItem> = fc.oneof(
  entry.map((bytes) => ({ kind: "entry" as const, room, position: 3, bytes, handshake: false })),
  fc.record({ bytes: entry, withHead: fc.boolean(), withInfo: fc.boolean() }).map((drawn) => ({
    kind: "entry" as const,
    room,
    position: 3,
    bytes: drawn.bytes,
    handshake: true,
    ...(drawn.withHead ? { head } : {}),
    ...(drawn.withInfo ? { groupInfo: octets(300) } : {}),
    introduction: { hubKey: octets(32), roster: [] },
  })),
);

test("FED-944 a batch is encoded as the codec of the specification does it", () => {
  const batch = fc.record({
    items: fc.array(item, { maxLength: 6 }),
    base: fc.integer({ min: 0, max: 2 ** 40 }),
    heads: fc.array(fc.constant(head), { maxLength: 3 }),
  });
  const property = fc.property(batch, ({ items, base, heads }) => {
    const pending = items.map((each, index): Pending => ({
      ...bodyOf(each),
      sequence: base + 1 + index,
      addedAt: 0,
    }));
    const bytes = encodeBatch({ incarnation, base }, pending, heads);
    const decoded = batchCodec.decode(bytes);
    expect(equalBytes(batchCodec.encode(decoded), bytes)).toBe(true);
    expect(decoded.incarnation).toEqual(incarnation);
    expect(decoded.heads).toEqual(heads);
    const lengths = pending.reduce((sum, each) => sum + itemLength(each), 0);
    expect(bytes.length).toBeGreaterThan(lengths);
    for (const [index, each] of decoded.items.entries()) {
      const given = items[index];
      expect(each).toMatchObject({ sequence: index + 1, kind: ITEM_KINDS.entry });
      if (given?.kind !== "entry") continue;
      const read = readItem(each);
      expect(read.kind === "entry" && equalBytes(read.entry, given.bytes)).toBe(true);
      expect({ ...read, entry: undefined }).toEqual({
        kind: "entry",
        entry: undefined,
        head: given.head,
        groupInfo: given.groupInfo,
        welcomes: [],
        introduction: given.introduction,
      });
    }
  });
  fc.assert(property, { numRuns: 60 });
});
