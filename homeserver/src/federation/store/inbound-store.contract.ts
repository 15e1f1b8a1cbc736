import { parseDomain } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { InboundStore } from "./store.ts";

/** How every adapter of `InboundStore` behaves. */
export function inboundContract(
  open: () => Promise<{ readonly database: Database; readonly store: InboundStore }>,
): void {
  test("FED-941 each life of a stream has its own next sequence; the latest is the newest", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const [one, two] = [octets(16, 1), octets(16, 2)];
      expect(await store.inbound(tx, north, one)).toBeUndefined();
      const first = await store.createInbound(tx, { origin: north, incarnation: one }, 4);
      expect(first).toMatchObject({ next: 1, newest: true });
      await store.moveInbound(tx, first.id, { next: 8, rejectedFrom: 1 });
      const foreign = await store.createInbound(tx, { origin: south, incarnation: one }, 4);
      expect(foreign.id).not.toBe(first.id);
      expect(await store.inbound(tx, north, one)).toMatchObject({ next: 8, newest: true });
      await store.createInbound(tx, { origin: north, incarnation: two }, 4);
      expect(await store.inbound(tx, north, one)).toMatchObject({ next: 8, newest: false });
      expect(await store.inbound(tx, north, two)).toMatchObject({ next: 1, newest: true });
    });
  });

  test("old lives of a stream are forgotten but so many", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.createInbound(tx, { origin: south, incarnation: octets(16, 1) }, 3);
      for (const value of [1, 2, 3, 4, 5]) {
        const stream = { origin: north, incarnation: octets(16, value) };
        const { id } = await store.createInbound(tx, stream, 3);
        await store.addRejected(tx, id, [{ sequence: 1, code: "malformed" }]);
      }
      const known = async (value: number) =>
        (await store.inbound(tx, north, octets(16, value))) !== undefined;
      expect(await Promise.all([1, 2, 3, 4, 5].map(known))).toEqual([
        false,
        false,
        true,
        true,
        true,
      ]);
      expect(await store.inbound(tx, south, octets(16, 1))).toMatchObject({ newest: true });
    });
  });

  test("FED-942 rejections are kept in order, as far back as they are asked for", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      const stream = { origin: north, incarnation: octets(16, 1) };
      const { id } = await store.createInbound(tx, stream, 3);
      const later = await store.createInbound(tx, { ...stream, origin: south }, 3);
      await store.addRejected(tx, id, [rejected(9, "malformed"), rejected(4, "unsupported")]);
      await store.addRejected(tx, id, [rejected(12, "conflict")]);
      expect(await store.rejected(tx, id)).toEqual([
        rejected(4, "unsupported"),
        rejected(9, "malformed"),
        rejected(12, "conflict"),
      ]);
      expect(await store.rejected(tx, later.id)).toEqual([]);
      await store.moveInbound(tx, id, { next: 20, rejectedFrom: 9 });
      expect(await store.rejected(tx, id)).toEqual([
        rejected(9, "malformed"),
        rejected(12, "conflict"),
      ]);
    });
  });
}

const north = parseDomain("north.example");
const south = parseDomain("south.example");

function rejected(sequence: number, code: string) {
  return { sequence, code };
}

function octets(length: number, value: number): Bytes {
  return new Uint8Array(length).fill(value);
}
