import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { ClaimStore } from "./store.ts";

const [room, other] = [1, 2].map((fill) =>
  mintRoomUri(parseDomain("here.test"), (length) => new Uint8Array(length).fill(fill)),
);
const bytes = (fill: number) => new Uint8Array(32).fill(fill);

export function claimStoreContract(
  open: () => Promise<{ readonly database: Database; readonly store: ClaimStore }>,
): void {
  test("FED-1137 of each room one claim is kept, until it ends", async () => {
    if (room === undefined || other === undefined) throw new Error("no rooms");
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      expect(await store.claim(tx, room)).toBeUndefined();
      const kept = { claim: bytes(1), endorsements: bytes(2), hubPrivateKey: bytes(3) };
      await store.putClaim(tx, { room, ...kept, expiresAt: 50 });
      await store.putClaim(tx, { room: other, ...kept, expiresAt: 60 });
      const later = { room, ...kept, endorsements: bytes(4), expiresAt: 50 };
      await store.putClaim(tx, later);
      expect(await store.claim(tx, room)).toEqual(later);
      expect(await store.deleteExpiredClaims(tx, 49, 9)).toBe(0);
      expect(await store.deleteExpiredClaims(tx, 50, 9)).toBe(1);
      expect(await store.claim(tx, room)).toBeUndefined();
      await store.deleteClaim(tx, other);
      expect(await store.claim(tx, other)).toBeUndefined();
    });
  });
}
