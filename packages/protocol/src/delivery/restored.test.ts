import { expect, test } from "vitest";
import { mintRoomUri, parseDomain } from "../identifiers/index.ts";
import { type Entry, readRestored, restoredDetail, TOMBSTONE_REASONS } from "./index.ts";

const entry = (change: Partial<Entry & { kind: "tombstone" }>): Entry => ({
  kind: "tombstone",
  ephemeral: false,
  room: mintRoomUri(parseDomain("hub.example"), (length) => new Uint8Array(length)),
  generation: 0,
  term: 2,
  position: 1_000,
  previous: new Uint8Array(32),
  acceptedAt: 1,
  reason: TOMBSTONE_REASONS.restored,
  replaced: new Uint8Array(32),
  detail: "12",
  ...change,
});

test("FED-957 FED-1117 a new term names the last entry that is known, and whether a commit is needed", () => {
  for (const said of [
    { position: 12, needsCommit: false },
    { position: 0, needsCommit: true },
  ]) {
    expect(readRestored(entry({ detail: restoredDetail(said) }))).toEqual(said);
  }
  for (const change of [
    { reason: TOMBSTONE_REASONS.ended },
    { detail: "" },
    { detail: "012" },
    { detail: "12 " },
    { detail: "12 commit commit" },
    { detail: "12  commit" },
    { detail: " commit" },
    { detail: "1000" },
    { detail: "12345678901234567" },
  ]) {
    expect(readRestored(entry(change))).toBeUndefined();
  }
});
