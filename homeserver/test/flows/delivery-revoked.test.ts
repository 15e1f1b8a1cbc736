import { afterAll, beforeAll, expect, test } from "vitest";
import { revokedLeafKeptMs } from "../../src/delivery/leaving/index.ts";
import { rejoin } from "../delivery/external.ts";
import { enrolPerson, type Person } from "../delivery/person.ts";
import { type Rig, startRig } from "../delivery/rig.ts";
import { openPair } from "../delivery/rooms.ts";

let rig: Rig;
let alice: Person;
let bob: Person;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
  bob = await enrolPerson(rig, "bob");
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** What follows of it is done when it resolves. */
async function revoke({ client }: Person): Promise<void> {
  const revocation = { client, revokedAt: rig.env.now() };
  await rig.database.transaction((tx) => rig.delivery.revokeClient(tx, revocation));
  await rig.delivery.close();
}

test("R-028 FED-970 a revoked last client is cut off, and its place is kept for seven days", async () => {
  const [a, b] = await openPair(alice, bob);
  await revoke(bob);
  expect((await b.submit(await b.seal("still here"))).refusal?.code).toBe("removed");
  expect((await b.update(b.bundle(await b.prepare({})))).refusal?.code).toBe("removed");
  await expect(rejoin(b)).rejects.toMatchObject({ code: "removed" });

  await a.say("meanwhile");
  await a.commit({});
  rig.advance(revokedLeafKeptMs - 1_000);
  await rig.delivery.start();
  await rig.delivery.close();
  await a.sync();
  expect(a.group.pendingRemovals).toEqual([]);
  expect(a.group.members()).toHaveLength(2);

  rig.advance(1_000);
  await rig.delivery.start();
  await rig.delivery.close();
  await a.sync();
  expect(a.group.pendingRemovals).toEqual([b.group.ownLeaf]);
  await a.commit({});
  expect(a.group.members().map(({ user }) => user)).toEqual([alice.user]);
  expect(await left()).toEqual([0, 0]);

  // Whatever its server hands it: from its removal on it opens nothing with all that it had.
  await a.say("not for who is gone");
  await a.sync();
  const told: string[] = [];
  for (const entry of a.entries.filter(({ position }) => position > b.position)) {
    if (entry.kind === "application") {
      told.push(await b.group.decrypt(entry.message).then(textOf, () => "closed"));
    }
    if (entry.kind === "proposal") {
      for (const proposal of entry.proposals) await b.group.processProposal(proposal);
    }
    if (entry.kind === "commit" && b.group.active) {
      await b.group.processCommit(entry.commit, entry);
    }
  }
  expect(b.group.active).toBe(false);
  // Until its removal it is cut off by the server alone, and has the keys of that epoch.
  expect(told).toEqual(["meanwhile", "closed"]);
});

function textOf({ plaintext }: { readonly plaintext: Uint8Array }): string {
  return new TextDecoder().decode(plaintext);
}

test("a room in which all are to be removed is over only once none is waited for", async () => {
  const [a] = await openPair(alice, bob);
  await revoke(bob);
  await rig.database.transaction((tx) => rig.delivery.deleteUser(tx, alice.user));
  await rig.delivery.close();
  expect(await isThere(a.room)).toBe(true);
  await rig.database.transaction((tx) => rig.delivery.deleteUser(tx, bob.user));
  await rig.delivery.close();
  expect(await isThere(a.room)).toBe(false);
});

/** How much is still to be done. */
function left(): Promise<readonly unknown[]> {
  return rig.database.read(async (tx) => {
    const { $client } = rig.database.sql(tx);
    return ["delivery_revocations", "delivery_removals"].map((table) =>
      $client.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
    );
  });
}

function isThere(room: string): Promise<boolean> {
  return rig.database.read(async (tx) => {
    const { $client } = rig.database.sql(tx);
    return $client.prepare("SELECT 1 FROM delivery_rooms WHERE room = ?").get(room) !== undefined;
  });
}
