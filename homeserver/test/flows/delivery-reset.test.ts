/** Rooms of a user whose account begins again with another identity key. */
import { paths } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { askGroupInfo, comeIn } from "../delivery/external.ts";
import { enrolPerson } from "../delivery/person.ts";
import type { Person } from "../delivery/person.ts";
import { startRig } from "../delivery/rig.ts";
import type { Rig } from "../delivery/rig.ts";
import { openPair } from "../delivery/rooms.ts";

let rig: Rig;
let alice: Person;

beforeAll(async () => {
  rig = await startRig();
  alice = await enrolPerson(rig, "alice");
});

afterAll(async () => {
  await rig[Symbol.asyncDispose]();
});

/** What a reset leaves of an account, and its next identity: the same name, and nothing else. */
async function begunAgain(name: string): Promise<Person> {
  await rig.database.transaction(async (tx) => {
    const { $client } = rig.database.sql(tx);
    for (const table of ["accounts", "client_lists", "clients", "sessions"]) {
      $client.prepare(`DELETE FROM authentication_${table} WHERE name = ?`).run(name);
    }
  });
  return enrolPerson(rig, name);
}

test("R-025 T-18 a new identity comes into no room by itself, beside the former leaf or in its place", async () => {
  const bob = await enrolPerson(rig, "bob");
  const [a, b] = await openPair(alice, bob);
  const again = await begunAgain("bob");
  const before = await rig.contents();
  for (const replaced of [{}, { removeLeaf: b.group.ownLeaf }]) {
    // The commit is not even made: members and hub judge by the same rule, and so does who comes.
    const coming = comeIn(again, a, replaced);
    await expect(coming).rejects.toMatchObject({ code: "identityInvalid" });
  }
  expect(await rig.contents()).toBe(before);
  // A member lets it in, with the commit that removes the former leaf.
  await a.commit({ remove: [b.group.ownLeaf], add: [await again.keyPackage()] });
  expect(a.group.members().map(({ client }) => client)).toEqual([alice.client, again.client]);
  // The former client is nobody any more: it cannot see where the room stands.
  const asked = askGroupInfo(bob, a.room);
  const answer = await bob.request("POST", paths.groupInfo(a.room), asked.request);
  expect(answer.refusal?.code).toBe("identityInvalid");
});
