import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseUserUri, type UserUri } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { openNodeStore } from "../../storage-sqlite/index.ts";
import { type LocalTx, openLocalStore } from "../../storage/index.ts";
import { unvouchedFor } from "./member-changes.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const key = (value: number) => new Uint8Array(32).fill(value);
const userOf = (name: string) => parseUserUri(`mimi://example.org/u/${name}`);
const memberOf = (user: UserUri, identityKey: Uint8Array<ArrayBuffer>) => ({
  user,
  identity: { certificate: { identityKey } },
});

const known = memberOf(userOf("known"), key(1));
const stranger = memberOf(userOf("stranger"), key(2));
const contact = memberOf(userOf("contact"), key(3));
const former = { identities: new Map([[known.user, key(1)]]) };
const group = { members: () => [known, stranger, contact] };

async function inStore(run: (tx: LocalTx) => void): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-vouching-"));
  const opened = await openNodeStore(join(directory, "store"), undefined, random);
  const store = await openLocalStore(opened.database, opened.key, random);
  await store.transaction(run);
  await store.close();
  rmSync(directory, { recursive: true });
}

test("T-01 T-20 a member of before vouches for all, and a stranger for nobody, itself included", async () => {
  await inStore((tx) => {
    expect(unvouchedFor(tx, former, group, known)).toEqual([]);
    expect(unvouchedFor(tx, former, group, stranger)).toEqual([stranger.user, contact.user]);
    const otherKey = memberOf(known.user, key(9));
    expect(unvouchedFor(tx, former, { members: () => [otherKey] }, otherKey)).toEqual([known.user]);
  });
});

test("T-01 T-20 who was seen elsewhere is a stranger, until keys were compared or both agreed", async () => {
  await inStore((tx) => {
    tx.contacts.see(contact.user, key(3), 1);
    expect(unvouchedFor(tx, former, group, contact)).toEqual([stranger.user, contact.user]);
    tx.contacts.accept(contact.user, key(3), 2);
    expect(unvouchedFor(tx, former, group, contact)).toEqual([]);
    expect(unvouchedFor(tx, former, group, stranger)).toEqual([stranger.user]);
    // Under another key it is somebody else.
    const other = memberOf(contact.user, key(4));
    expect(unvouchedFor(tx, former, group, other)).toContain(stranger.user);
  });
});
