import {
  type Entry,
  mintRoomUri,
  movedDetail,
  parseDomain,
  TOMBSTONE_REASONS,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { newHubRecord } from "../room/hub-record.ts";
import { fitsMove } from "./moved-entry.ts";

const uri = mintRoomUri(parseDomain("old.example"), (length) => new Uint8Array(length));
const place = {
  ephemeral: false,
  room: uri,
  generation: 0,
  term: 1,
  position: 5,
  previous: new Uint8Array(32),
  acceptedAt: 1,
};
const said: Entry = {
  ...place,
  kind: "application",
  message: Uint8Array.of(1),
  frank: undefined,
};
const closing = (term: number): Entry => ({
  ...place,
  kind: "tombstone",
  reason: TOMBSTONE_REASONS.moved,
  replaced: new Uint8Array(32),
  detail: movedDetail({ hub: parseDomain("new.example"), term, hubKey: new Uint8Array(32) }),
});
const room = (moving: number | undefined, hash = new Uint8Array(32)) => ({
  hub: { ...newHubRecord(1), moving },
  cursor: { stream: uri, position: 4, hash },
});

test("T-15 FED-1128 behind the commit that names another hub the former one only closes its log", () => {
  expect(fitsMove(room(undefined), said)).toBe(true);
  expect(fitsMove(room(undefined), closing(2))).toBe(false);
  expect(fitsMove(room(2), closing(2))).toBe(true);
  expect(fitsMove(room(2), closing(3))).toBe(false);
  expect(fitsMove(room(2), said)).toBe(false);
  expect(fitsMove(room(2), { ...said, term: 2 })).toBe(false);
  // Behind a gap what stands between was missed.
  const gap = new Uint8Array();
  expect(fitsMove(room(2, gap), said)).toBe(false);
  expect(fitsMove(room(2, gap), { ...said, term: 2 })).toBe(true);
});
