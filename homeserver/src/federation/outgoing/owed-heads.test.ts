import { mintRoomUri, parseDomain } from "@treehouse/protocol";
import type { RoomUri, SignedHead } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { OwedHeads } from "./owed-heads.ts";

const domain = parseDomain("north.example");
const roomOf = (value: number): RoomUri =>
  mintRoomUri(domain, (length) => new Uint8Array(length).fill(value));
const room = roomOf(1);
const head = (position: number, of = room): SignedHead => {
  const hash = new Uint8Array(32);
  const inner = { room: of, generation: 0, term: 1, position, hash, epoch: 1, treeHash: hash };
  return { head: inner, signature: new Uint8Array(64) };
};

test("FED-952 a head is due at once after a rest, then once per second, and last of all", () => {
  const owed = new OwedHeads();
  owed.sent({ room, position: 1, sequence: 11 }, false);
  expect(owed.dueInMs(5_000)).toBe(0);
  expect(owed.takeDue(5_000, 9)).toEqual([room]);
  expect(owed.takeDue(5_001, 9)).toEqual([]);
  owed.covered(room, 1, 11);
  expect(owed.dueInMs(5_001)).toBeUndefined();
  owed.sent({ room, position: 2, sequence: 12 }, false);
  expect(owed.dueInMs(5_100)).toBe(900);
  expect(owed.takeDue(5_999, 9)).toEqual([]);
  expect(owed.takeDue(6_000, 9)).toEqual([room]);
});

test("FED-952 rooms take turns when there are more than heads go at once", () => {
  const owed = new OwedHeads();
  for (const value of [1, 2, 3]) {
    owed.sent({ room: roomOf(value), position: 1, sequence: value }, false);
  }
  expect(owed.takeDue(1_000, 1)).toEqual([roomOf(1)]);
  expect(owed.takeDue(2_000, 1)).toEqual([roomOf(2)]);
  expect(owed.takeDue(3_000, 2)).toEqual([roomOf(3), roomOf(1)]);
  expect(owed.takeDue(3_001, 3)).toEqual([roomOf(2)]);
});

test("FED-952 heads never run ahead of the entries that were sent", () => {
  const owed = new OwedHeads();
  expect(owed.fits(head(1), 9)).toBe(false);
  owed.sent({ room, position: 4, sequence: 1 }, false);
  expect(owed.fits(head(4), 1)).toBe(true);
  expect(owed.fits(head(5), 1)).toBe(false);
  owed.sent({ room, position: 5, sequence: 2 }, false);
  expect(owed.fits(head(5), 2)).toBe(true);
  // The batch was lost, and only its first item goes again.
  expect(owed.fits(head(5), 1)).toBe(false);
});

test("rows stay until a head covers them, also while more is sent all the time", () => {
  const owed = new OwedHeads();
  expect(owed.coveredBefore()).toBe(Number.POSITIVE_INFINITY);
  for (let sequence = 1; sequence <= 10; sequence += 1) {
    owed.sent({ room, position: sequence, sequence }, false);
  }
  owed.sent({ room: roomOf(2), position: 1, sequence: 11 }, false);
  expect(owed.coveredBefore()).toBe(1);
  owed.covered(room, 7, 7);
  expect(owed.coveredBefore()).toBe(8);
  owed.covered(room, 10, 10);
  expect(owed.coveredBefore()).toBe(11);
  owed.sent({ room, position: 11, sequence: 12 }, true);
  owed.sent({ room: undefined, position: 0, sequence: 13 }, false);
  owed.forget(roomOf(2));
  expect(owed.coveredBefore()).toBe(Number.POSITIVE_INFINITY);
});

test("H-10 rooms that are remembered are bounded", () => {
  const owed = new OwedHeads();
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  for (let count = 1; count <= 10_050; count += 1) {
    view.setUint32(0, count);
    const name = mintRoomUri(domain, () => bytes.slice());
    owed.sent({ room: name, position: 1, sequence: count }, false);
  }
  expect(owed.size).toBe(10_000);
  expect(owed.coveredBefore()).toBe(51);
});
