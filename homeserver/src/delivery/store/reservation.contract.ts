import type { RoomUri, UserUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { OpenStore } from "./store.contract.ts";
import type { Reservation } from "./store.ts";

/** How reservations behave in every adapter of `DeliveryStore`. */
export function reservationContract(
  open: OpenStore,
  {
    reservation,
    otherRoom,
    stranger,
  }: {
    readonly reservation: Reservation;
    readonly otherRoom: RoomUri;
    readonly stranger: UserUri;
  },
): void {
  const { room, user } = reservation;
  test("a reservation is found until it is deleted, and counted until it ends", async () => {
    const { database, store } = await open();
    await database.transaction((tx) => store.insertReservation(tx, reservation));
    await database.read(async (tx) => {
      expect(await store.reservation(tx, room)).toEqual(reservation);
      expect(await store.reservation(tx, otherRoom)).toBeUndefined();
      expect(await store.countReservations(tx, user, 999)).toBe(1);
      expect(await store.countReservations(tx, user, 1_000)).toBe(0);
      expect(await store.countReservations(tx, stranger, 0)).toBe(0);
    });
    await database.transaction((tx) => store.deleteReservation(tx, room));
    expect(await database.read((tx) => store.reservation(tx, room))).toBeUndefined();
  });

  test("ended reservations go, so many at a time", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.insertReservation(tx, reservation);
      await store.insertReservation(tx, { ...reservation, room: otherRoom, expiresAt: 2_000 });
      expect(await store.deleteExpiredReservations(tx, 999, 9)).toBe(0);
      expect(await store.deleteExpiredReservations(tx, 2_000, 1)).toBe(1);
      expect(await store.reservation(tx, room)).toBeUndefined();
      expect(await store.reservation(tx, otherRoom)).toBeDefined();
      expect(await store.deleteExpiredReservations(tx, 2_000, 9)).toBe(1);
    });
  });
}
