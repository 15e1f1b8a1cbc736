import { parseClientUri } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { newHubRecord, withSetBack } from "../room/hub-record.ts";
import { quietFor, withReturn } from "./repeat-for-returned.ts";

const bob = parseClientUri("mimi://localhost/d/bob/bbbbbbbbbbbbbbbbbbbbbbbbba");
const carol = parseClientUri("mimi://localhost/d/carol/aaaaaaaaaaaaaaaaaaaaaaaaaa");
const hub = withSetBack(newHubRecord(2), { from: 10, at: 1_000 });
const done = (record: typeof hub) => ({ ...record, missedBy: undefined });

test("R-019 each client that comes back after a restore is owed what it missed, and once", () => {
  const first = withReturn(hub, { client: bob, position: 20 }, 2_000);
  expect(first.missedBy).toEqual({ from: 10, upTo: 20 });
  const again = withReturn(first, { client: bob, position: 22 }, 3_000);
  expect(again.missedBy).toEqual({ from: 10, upTo: 22 });
  const later = withReturn(done(again), { client: bob, position: 30 }, 4_000);
  expect(later.missedBy).toBeUndefined();
  const other = withReturn(later, { client: carol, position: 31 }, 5_000);
  expect(other.missedBy).toEqual({ from: 10, upTo: 31 });
  const late = withReturn(hub, { client: carol, position: 31 }, 3_601_000);
  expect(late.missedBy).toBeUndefined();
});

test("R-019 what is still owed stays owed over another restore", () => {
  const owed = withReturn(hub, { client: bob, position: 20 }, 2_000);
  const restored = withSetBack(owed, { from: 15, at: 3_000 });
  expect(restored.missedBy).toEqual({ from: 10, upTo: 20 });
  const back = withReturn(restored, { client: bob, position: 51 }, 4_000);
  expect(back.missedBy).toEqual({ from: 10, upTo: 51 });
});

test("R-019 repetitions become rarer the more there are, and quick again after a quiet hour", () => {
  const waits = [0, 1, 2, 20].map((count) => quietFor({ ...hub, repeats: { count, at: 5 } }, 5));
  expect(waits).toEqual([2_000, 4_000, 8_000, 600_000]);
  expect(quietFor({ ...hub, repeats: { count: 20, at: 5 } }, 3_600_005)).toBe(2_000);
});
