import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { parseDomain, userUri } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { openNodeStore } from "../../storage-sqlite/index.ts";
import { openLocalStore } from "../../storage/index.ts";
import { createSeal } from "../../storage/seal.ts";
import { writeSeen } from "./pins.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const domain = parseDomain("a.example");
const self = userUri(domain, "self");
const people = Array.from({ length: 300 }, (_, index) => userUri(domain, `user${index}`));

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "treehouse-pins-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test("R-037 whom a client has met is noted for the others, each record sealed and opened once", async () => {
  let work: string[] = [];
  const counting: typeof createSeal = (key, draw) => {
    const seal = createSeal(key, draw);
    return {
      ...seal,
      seal: (place, value) => {
        work.push(`seal ${place}`);
        return seal.seal(place, value);
      },
      open: (place, sealed) => {
        work.push(`open ${place}`);
        return seal.open(place, sealed);
      },
    };
  };
  const { database, key } = await openNodeStore(join(directory, "store.sqlite"), undefined, random);
  const store = await openLocalStore(database, key, random, undefined, undefined, counting);
  const workOfNoting = async () => {
    work = [];
    await store.transaction((tx) => writeSeen(tx, self));
    const ofRecords = work.filter((one) => one.includes(" account_data/"));
    expect(new Set(ofRecords).size).toBe(ofRecords.length);
    return ofRecords.length;
  };
  await store.transaction((tx) => {
    for (const user of people.slice(1)) tx.contacts.see(user, random(32), 1);
  });
  expect(await workOfNoting()).toBeGreaterThan(0);
  await store.transaction((tx) => tx.contacts.see(people[0] ?? self, random(32), 2));
  await workOfNoting();

  const noted = await store.transaction((tx) => tx.accountData.list());
  const names = noted.flatMap(({ entries }) => Object.keys(entries));
  expect(names.sort()).toEqual(people.map((user) => `key ${user}`).sort());
  expect(noted.every(({ changed }) => changed)).toBe(true);
  await store.close();
});
