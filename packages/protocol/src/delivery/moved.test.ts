import { expect, test } from "vitest";
import { mintRoomUri, parseDomain } from "../identifiers/index.ts";
import { type Entry, movedDetail, readMoved, TOMBSTONE_REASONS } from "./index.ts";

const hub = parseDomain("new.example");
const named = { hub, term: 7, hubKey: new Uint8Array(32).fill(9) };
const entry = (change: Partial<Entry & { kind: "tombstone" }>): Entry => ({
  kind: "tombstone",
  ephemeral: false,
  room: mintRoomUri(parseDomain("old.example"), (length) => new Uint8Array(length)),
  generation: 0,
  term: 6,
  position: 3,
  previous: new Uint8Array(32),
  acceptedAt: 1,
  reason: TOMBSTONE_REASONS.moved,
  replaced: new Uint8Array(32),
  detail: movedDetail(named),
  ...change,
});

test("FED-1124 what closes a log names the next hub, its term and its key, and nothing else is read so", () => {
  expect(readMoved(entry({}))).toEqual(named);
  for (const change of [
    { reason: TOMBSTONE_REASONS.ended },
    { term: 7 },
    { detail: "" },
    { detail: `${movedDetail(named)} more` },
    { detail: movedDetail({ ...named, hubKey: new Uint8Array(31) }) },
    { detail: movedDetail(named).replace(" 7 ", " 07 ") },
    { detail: movedDetail(named).replace("new.example", "New.example") },
    { detail: `${hub} 7 ?` },
  ]) {
    expect(readMoved(entry(change))).toBeUndefined();
  }
});
