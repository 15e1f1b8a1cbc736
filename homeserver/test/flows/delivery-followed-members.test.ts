import {
  decodeEntry,
  entriesPageCodec,
  paths,
  Refusal,
  TOMBSTONE_REASONS,
} from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rejoin } from "../delivery/external.ts";
import { accepted, enrolPerson } from "../delivery/person.ts";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import type { Person } from "../delivery/person.ts";
import { joinByWelcome } from "../delivery/rooms.ts";
import type { TwoServers } from "../delivery/two-servers.ts";

let pair: Pair;
let servers: TwoServers;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  pair = await startPair();
  ({ servers, alice, bob } = pair);
});

afterEach(async () => {
  if (servers.hub.faults.length > 0) throw new Error(servers.hub.faults.join());
  await pair[Symbol.asyncDispose]();
});

test("R-015 a server whose last member went gets the commit that removed it, and nothing more", async () => {
  const [a, b] = await pair.openRoom();
  await a.commit({ remove: [b.group.ownLeaf] });
  await a.say("for the others");
  expect(servers.outbox.map(({ position }) => position)).toEqual([2]);
  // Nor anything of the epoch that begins without it.
  expect(servers.outbox.map(({ groupInfo }) => groupInfo)).toEqual([undefined]);
  await servers.flush();
  expect(await followedMembers()).toEqual({ members: 0, groupInfos: 0 });
  await b.sync();
  expect(b.group.active).toBe(false);
  const events = (after: number) =>
    servers.hub.delivery.hosted.events(servers.follower.domain, a.room, { after, limit: 9 });
  expect((await events(0)).entries).toHaveLength(2);
  await expect(events(2)).rejects.toThrow(Refusal);
  // Back again: the room is introduced anew, and what was said meanwhile is not Bob's to read.
  await a.commit({ add: [await pair.handOut(bob, a.room)] });
  await servers.flush();
  const again = await joinByWelcome(bob, a.hubKey);
  await a.say("welcome back");
  await servers.flush();
  await again.sync();
  expect(again.texts).toEqual(["welcome back"]);
});

test("FED-922 a client comes back by an external commit through its own server", async () => {
  const [a, b] = await pair.openRoom();
  const { seat, answer } = await rejoin(b);
  expect(answer.refusal).toBeUndefined();
  await servers.flush();
  await a.sync();
  await a.say("still here");
  await servers.flush();
  await seat.sync();
  expect(seat.texts).toEqual(["still here"]);
  expect(seat.group.epochAuthenticator()).toEqual(a.group.epochAuthenticator());
});

test("R-029 leaving, and the removal of a deleted user, reach the hub of a room elsewhere", async () => {
  const [a, b] = await pair.openRoom();
  const left = await bob.request("POST", paths.leave(a.room), {});
  expect(left.status).toBe(200);
  expect(JSON.parse(new TextDecoder().decode(left.body))).toEqual({ leaves: [b.group.ownLeaf] });
  await a.sync();
  await a.commit({ remove: [b.group.ownLeaf] });
  const carol = await enrolPerson(servers.hub, "carol");
  await a.commit({ add: [await carol.keyPackage()] });
  const c = await joinByWelcome(carol, a.hubKey);
  await servers.hub.database.transaction((tx) => servers.hub.delivery.deleteUser(tx, carol.user));
  await servers.hub.delivery.close();
  await a.sync();
  expect(a.entries.at(-1)?.kind).toBe("proposal");
  await a.commit({ remove: [c.group.ownLeaf] });
});

test("R-062 FED-754 a room that its last members have left ends for their servers too", async () => {
  const [a, b] = await pair.openRoom();
  accepted(await bob.request("POST", paths.leave(a.room), {}));
  expect(await followedMembers()).toEqual({ members: 2, groupInfos: 1 });
  accepted(await alice.request("POST", paths.leave(a.room), {}));
  const kinds = servers.outbox.map(({ bytes }) => decodeEntry(bytes));
  expect(kinds.map(({ kind }) => kind)).toEqual(["proposal", "tombstone"]);
  expect(kinds.at(-1)).toMatchObject({ reason: TOMBSTONE_REASONS.ended });
  expect(servers.outbox.at(-1)?.head).toBeDefined();
  await servers.flush();
  expect(await followedMembers()).toEqual({ members: 0, groupInfos: 0 });
  const listed = await bob.request("GET", paths.rooms());
  expect(JSON.parse(new TextDecoder().decode(listed.body))).toEqual({ rooms: [] });
  for (const seat of [a, b]) {
    // Each gets the end as its last entry.
    const { body } = accepted(
      await seat.person.request("GET", paths.entries(seat.room, { after: 2, limit: 9 })),
    );
    const { entries, head } = entriesPageCodec.decode(body);
    expect([entries.length, head]).toEqual([1, 3]);
  }
});

test("a deleted user's server tells the hubs of the rooms that the user was in", async () => {
  await pair.openRoom();
  const { follower, hub } = servers;
  const told = await follower.database.transaction((tx) =>
    follower.delivery.deleteUser(tx, bob.user),
  );
  expect(told).toEqual([hub.domain]);
});

/** How much is kept of who is in rooms hosted elsewhere. */
async function followedMembers() {
  return servers.follower.database.read(async (tx) => {
    const { $client } = servers.follower.database.sql(tx);
    const count = (sql: string) => Number($client.prepare(sql).pluck().get());
    return {
      members: count("SELECT count(*) FROM delivery_followed_members"),
      groupInfos: count("SELECT count(*) FROM delivery_followed WHERE group_info NOT NULL"),
    };
  });
}
