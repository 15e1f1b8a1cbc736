import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type Bytes,
  firstAuditHead,
  groupUriOf,
  mintRoomUri,
  nextAuditHead,
  parseDomain,
  utf8Encode,
} from "@treehouse/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { type LocalStore, type LocalTx, openLocalStore } from "../../storage/index.ts";
import { openSqlite } from "../../storage-sqlite/index.ts";
import { encodeAuditBody } from "./audit-body.ts";
import { beginAudit, joinAudit, loseAudit, takeBackAudit } from "./audit-state.ts";

const random = (length: number): Bytes => new Uint8Array(randomBytes(length));
const domain = parseDomain("example.org");
const directory = mkdtempSync(join(tmpdir(), "treehouse-record-"));

let store: LocalStore;
let room = mintRoomUri(domain, random);

beforeAll(async () => {
  store = await openLocalStore(openSqlite(join(directory, "store")), random(32), random);
});

beforeEach(() => {
  room = mintRoomUri(domain, random);
});

afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const group = () => groupUriOf(room, 0);

/** An act whose commit ends an epoch and stands at ten times its number; `position` 0: somebody gave it. */
function act(tx: LocalTx, epoch: number, position = 10 * epoch): void {
  const state = tx.audit.state(room) ?? firstAuditHead(room);
  const signed = { record: utf8Encode(`act of ${epoch}`), signature: undefined };
  const next = nextAuditHead(state, signed);
  const body = encodeAuditBody({ signed, identity: undefined, previous: state.hash, notes: "" });
  tx.audit.add({ room, ...next, epoch, group: group(), position, acceptedAt: 0, body });
  tx.audit.setState(room, { told: undefined, ...tx.audit.state(room), ...next, isCurrent: true });
}

test("what commits that do not stand had added is taken back, by epochs as by positions", async () => {
  for (const from of [{ epoch: 3 }, { position: 30 }] as const) {
    await store.transaction((tx) => {
      beginAudit(tx, room);
      for (const epoch of [1, 2]) act(tx, epoch);
      const kept = tx.audit.state(room);
      for (const epoch of [3, 4]) act(tx, epoch);
      takeBackAudit(tx, room, { group: group(), ...from });
      expect(tx.audit.state(room)).toEqual(kept);
      expect(tx.audit.get(room, 3)).toBeUndefined();
      // Once more: nothing of them is left.
      takeBackAudit(tx, room, { group: group(), ...from });
      expect(tx.audit.state(room)).toEqual(kept);
    });
    room = mintRoomUri(domain, random);
  }
});

test("a head that was told holds if it was told before, and else is forgotten with what came before it", async () => {
  await store.transaction((tx) => {
    const head = { number: 7, hash: random(32) };
    const at = { group: group(), epoch: 5, position: 50 };
    joinAudit(tx, room, head, at);
    act(tx, 5, 60);
    takeBackAudit(tx, room, { group: group(), position: 51 });
    expect(tx.audit.state(room)).toMatchObject({ ...head, isCurrent: true });
    takeBackAudit(tx, room, { group: group(), epoch: 5 });
    expect(tx.audit.state(room)).toMatchObject({ ...head, isCurrent: true });
    takeBackAudit(tx, room, { group: group(), position: 50 });
    expect(tx.audit.state(room)).toMatchObject({ number: 0, isCurrent: false, told: undefined });
  });
});

test("where it is not known what lies between, the next member tells", async () => {
  await store.transaction((tx) => {
    beginAudit(tx, room);
    act(tx, 1);
    const known = tx.audit.state(room);
    // Somebody else gave it: where its commit stood is not known.
    act(tx, 2, 0);
    act(tx, 3);
    takeBackAudit(tx, room, { group: group(), position: 30 });
    expect(tx.audit.state(room)).toMatchObject({ number: known?.number, isCurrent: false });
    loseAudit(tx, room);
    takeBackAudit(tx, room, { group: group(), position: 30 });
    expect(tx.audit.state(room)).toMatchObject({ number: known?.number, isCurrent: false });
  });
});
