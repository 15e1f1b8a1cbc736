import {
  decodeEntry,
  encodeEntry,
  encodeSafeAad,
  entriesPageCodec,
  paths,
  Refusal,
  TOMBSTONE_REASONS,
  utf8Encode,
} from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { backUp, firstLife, settle, unsettled } from "../delivery/backed-up.ts";
import { enrolPerson } from "../delivery/person.ts";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import type { Person } from "../delivery/person.ts";
import { foundRoom } from "../delivery/rooms.ts";
import type { Seat } from "../delivery/seat.ts";
import { comeIn, rejoin } from "../delivery/external.ts";
import { deliveryOf } from "../delivery/two-servers.ts";
import type { TwoServers } from "../delivery/two-servers.ts";

const jump = 2 ** 32;
let pair: Pair;
let servers: TwoServers;
let alice: Person;
let bob: Person;

beforeEach(async () => {
  pair = await startPair();
  ({ servers, alice, bob } = pair);
});

afterEach(() => pair[Symbol.asyncDispose]());

async function logAt(server: "hub" | "follower", room: Seat["room"]) {
  const { database, queuing } = servers[server];
  return database.read((tx) => queuing.readLog(tx, room, { after: 0 }));
}

test("FED-958 FED-957 a restored hub takes back what its own heads cover, and goes on behind a jump", async () => {
  const [a, b] = await pair.openRoom();
  const restore = await backUp(pair);
  await a.say("after the backup");
  const carol = await enrolPerson(servers.follower, "carol");
  const keyPackage = await pair.handOut(carol, a.room);
  await a.commit({ add: [keyPackage] });
  await a.say("to three");
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  await servers.deliver(servers.outbox.splice(0).map(deliveryOf), head === undefined ? [] : [head]);
  await restore();
  expect((await logAt("hub", a.room)).head).toBe(1);
  await settle(servers);
  const { entries } = await logAt("hub", a.room);
  expect(entries.map(({ position }) => position)).toEqual([1, 2, 3, 4, jump + 5]);
  expect(entries.slice(1, 4)).toEqual((await logAt("follower", a.room)).entries.slice(1));
  const last = decodeEntry(entries.at(-1)?.bytes ?? new Uint8Array());
  expect(last).toMatchObject({ kind: "tombstone", term: 2, reason: TOMBSTONE_REASONS.restored });

  // The follower learns of the new term from that entry, and both go on in it.
  await servers.flush();
  expect((await logAt("follower", a.room)).head).toBe(jump + 5);
  await b.sync().catch(() => undefined);
  const { seat, answer } = await rejoin(b);
  expect(answer.refusal).toBeUndefined();
  await servers.flush();
  await seat.sync();
  expect(seat.group.epoch).toBe(3);
  expect(seat.group.members()).toHaveLength(3);
});

test("FED-958 a commit whose GroupInfo no follower has is not adopted, and nothing behind it", async () => {
  const [a, b] = await pair.openRoom();
  const restore = await backUp(pair);
  await a.say("after the backup");
  await a.commit({ remove: [b.group.ownLeaf] });
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  const sent = servers.outbox.splice(0).map(deliveryOf);
  await servers.deliver(sent, head === undefined ? [] : [head]);
  await restore();
  await settle(servers);
  const { entries } = await logAt("hub", a.room);
  expect(entries.map(({ position }) => position)).toEqual([1, 2, expect.any(Number)]);
  expect(entries.at(-1)?.position).toBeGreaterThan(jump);
});

test("FED-958 what no head of the hub covers is not adopted", async () => {
  const [a] = await pair.openRoom();
  const restore = await backUp(pair);
  await a.say("covered by no head");
  await servers.flush();
  await restore();
  await settle(servers);
  expect((await logAt("hub", a.room)).entries.map(({ position }) => position)).toEqual([
    1,
    jump + 2,
  ]);
});

test("FED-958 a forged continuation is refused, and nothing of it is adopted", async () => {
  const [a] = await pair.openRoom();
  const restore = await backUp(pair);
  await a.say("true");
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  await servers.deliver(servers.outbox.splice(0).map(deliveryOf), head === undefined ? [] : [head]);
  await restore();
  servers.told = (events) => ({
    ...events,
    entries: events.entries.map((bytes) => {
      const entry = decodeEntry(bytes);
      return encodeEntry({ ...entry, acceptedAt: entry.acceptedAt + 1 });
    }),
  });
  await settle(servers);
  expect((await logAt("hub", a.room)).entries).toHaveLength(2);
  expect(servers.hub.faults.join()).toContain("adoptionRefused");
});

test("FED-935 a follower that answers as slowly as it may holds up no restored room for long", async () => {
  const [a] = await pair.openRoom();
  const restore = await backUp(pair);
  for (let count = 0; count < 9; count += 1) await a.say(`message ${count}`);
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  await servers.deliver(servers.outbox.splice(0).map(deliveryOf), head === undefined ? [] : [head]);
  await restore();
  let asked = 0;
  servers.told = (events) => {
    asked += 1;
    servers.hub.advance(19_000);
    return { ...events, entries: events.entries.slice(0, 1) };
  };
  await servers.hub.delivery.start();
  await quiet();
  servers.hub.fireTimers();
  await quiet();
  await servers.hub.delivery.close();
  expect(asked).toBe(4);
  expect((await logAt("hub", a.room)).head).toBeGreaterThan(jump);
});

test("FED-935 a follower that does not answer holds up its own rooms, and not the server's end", async () => {
  const [a] = await pair.openRoom();
  let other = await foundRoom(alice);
  // Behind the other in whatever order they are settled; nobody may found so many.
  for (let founder = 0; other.room < a.room; founder += 1) {
    other = await foundRoom(await enrolPerson(servers.hub, `founder-${founder}`));
  }
  const restore = await backUp(pair);
  await restore();
  servers.telling = () => new Promise(() => undefined);
  await servers.hub.delivery.start();
  while ((await unsettled(servers)) > 1) await new Promise((resolve) => setImmediate(resolve));
  expect((await logAt("hub", other.room)).head).toBeGreaterThan(jump);
  await servers.hub.delivery.close();
  expect((await logAt("hub", a.room)).head).toBe(1);
});

test("FED-935 a follower that was away is not asked again once nobody waits for it any more", async () => {
  const rooms = [(await pair.openRoom())[0].room, (await pair.openRoom())[0].room];
  const restore = await backUp(pair);
  await restore();
  const asked: string[] = [];
  servers.telling = async (room) => {
    asked.push(room);
    throw new Refusal("peerUnreachable", "It is away.", { retryAfterMs: 1 });
  };
  await servers.hub.delivery.start();
  await quiet();
  expect(asked.toSorted()).toEqual(rooms.toSorted());
  servers.hub.advance(61_000);
  servers.hub.fireTimers();
  while ((await unsettled(servers)) > 0) await new Promise((resolve) => setImmediate(resolve));
  await servers.hub.delivery.close();
  expect(asked).toHaveLength(2);
});

test("a room that is not settled takes nothing, and a follower that is away is waited for", async () => {
  const [a] = await pair.openRoom();
  const restore = await backUp(pair);
  await restore();
  servers.cut = true;
  await servers.hub.delivery.start();
  const { rig } = alice;
  expect(rig).not.toBe(servers.hub);
  const submit = servers.hub.delivery.submit(alice, a.room, await a.seal("too early"));
  await expect(submit).rejects.toMatchObject({ code: "unavailable" });
  // Nor does it sign anything of the term that is over.
  const { hosted } = servers.hub.delivery;
  expect(await hosted.signedHead(a.room)).toBeUndefined();
  const events = hosted.events(servers.follower.domain, a.room, { after: 0, limit: 9 });
  await expect(events).rejects.toMatchObject({ code: "unavailable" });
  await servers.hub.delivery.close();
  expect((await logAt("hub", a.room)).head).toBe(1);
});

test("FED-957 a follower that lacks what the restored hub has fetches that before the step", async () => {
  const [a, b] = await pair.openRoom();
  await a.say("on its way");
  const carol = await enrolPerson(servers.hub, "carol");
  await a.commit({ add: [await carol.keyPackage()] });
  // The hub took this back from another follower; it is not sent again by itself.
  servers.outbox.splice(0);
  const restore = await backUp(pair);
  await restore();
  await settle(servers);
  await servers.flush();
  await quiet();
  const { entries } = await logAt("follower", a.room);
  expect(entries.map(({ position }) => position)).toEqual([1, 2, 3, jump + 4]);
  await b.sync().catch(() => undefined);
  expect(b.texts).toEqual(["on its way"]);
  const { answer } = await rejoin(b);
  expect(answer.refusal).toBeUndefined();
  await servers.flush();
  expect(servers.follower.faults).toEqual([]);
});

/** Until nothing more happens by itself. */
async function quiet(): Promise<void> {
  for (let turn = 0; turn < 300; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("FED-957 a user who is deleted leaves no room before it is settled", async () => {
  const [a] = await pair.openRoom();
  const restore = await backUp(pair);
  await a.say("after the backup");
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  await servers.deliver(servers.outbox.splice(0).map(deliveryOf), head === undefined ? [] : [head]);
  await restore();
  const { hub } = servers;
  servers.cut = true;
  await hub.delivery.start();
  const depart = async (): Promise<void> => {
    await hub.database.transaction((tx) => hub.delivery.deleteUser(tx, bob.user));
    await quiet();
  };
  await depart();
  expect((await logAt("hub", a.room)).head).toBe(1);
  servers.cut = false;
  hub.fireTimers();
  await quiet();
  await depart();
  await hub.delivery.close();
  const { entries } = await logAt("hub", a.room);
  expect(entries.map(({ position }) => position)).toEqual([1, 2, jump + 3, jump + 4]);
});

test("FED-949 a follower with commits that the hub has forgotten takes its roster with the next", async () => {
  const [a, b] = await pair.openRoom();
  const restore = await backUp(pair);
  const carol = await enrolPerson(servers.follower, "carol");
  const keyPackage = await pair.handOut(carol, a.room);
  await a.commit({ add: [keyPackage] });
  await servers.flush();
  await restore();
  servers.cut = true;
  const { hub } = servers;
  await hub.delivery.start();
  hub.advance(61_000);
  await quiet();
  hub.fireTimers();
  await quiet();
  expect((await logAt("hub", a.room)).head).toBe(jump + 2);
  servers.cut = false;
  await hub.delivery.close();
  const { seat, answer } = await rejoin(b);
  expect(answer.refusal).toBeUndefined();
  await servers.flush();
  await quiet();
  expect(servers.follower.faults).toEqual([]);
  expect((await logAt("follower", a.room)).head).toBe(jump + 3);
  await seat.say("for those who are in");
  await servers.flush();
  // Whom the hub does not know reads nothing more.
  const after = jump + 3;
  const page = await carol.request("GET", paths.entries(a.room, { after, limit: 9 }));
  expect(page.refusal ?? entriesPageCodec.decode(page.body).entries).not.toHaveLength(1);
  const own = await bob.request("GET", paths.entries(a.room, { after, limit: 9 }));
  expect(entriesPageCodec.decode(own.body).entries).toHaveLength(1);
});

test("no term and no position of an earlier life comes again, however often a backup is restored", async () => {
  const [a] = await pair.openRoom();
  const restore = await backUp(pair);
  await restore({ termMin: 1_000, positionMin: 2 ** 40 });
  await settle(servers);
  const { entries } = await logAt("hub", a.room);
  expect(decodeEntry(entries.at(-1)?.bytes ?? new Uint8Array())).toMatchObject({
    term: 1_000,
    position: 2 ** 40 + 1,
  });
});

test("FED-231 FED-111 a message of before the restore, or without our component, is encrypted again", async () => {
  const [a] = await pair.openRoom();
  const say = async (sealed: Bytes) => servers.hub.delivery.submit(alice, a.room, sealed);
  const bare = encodeSafeAad({ treehouse: undefined, others: [] });
  const without = async () => a.submission(await a.group.encrypt(utf8Encode("bare"), bare));
  await say(await without());
  const restore = await backUp(pair);
  const stale = await a.seal("from before");
  await restore();
  await settle(servers);
  const refusal = { code: "epochTooOld", data: { currentEpoch: 1 } };
  await expect(say(stale)).rejects.toMatchObject(refusal);
  await expect(say(await without())).rejects.toMatchObject(refusal);
});

test("FED-224 what a restored hub has taken back is answered where it stands, to whoever sends it again", async () => {
  const [a] = await pair.openRoom();
  const restore = await backUp(pair);
  const sealed = await a.seal("taken, and the answer lost");
  const first = await servers.hub.delivery.submit(alice, a.room, sealed);
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  await servers.deliver(servers.outbox.splice(0).map(deliveryOf), head === undefined ? [] : [head]);
  await restore();
  await settle(servers);
  const { entries } = await logAt("hub", a.room);
  expect(await servers.hub.delivery.submit(alice, a.room, sealed)).toEqual(first);
  expect((await logAt("hub", a.room)).entries).toEqual(entries);
});

test("a follower that has lost a room is introduced to it anew", async () => {
  const [a, b] = await pair.openRoom();
  await servers.follower.database.transaction(async (tx) => {
    const { $client } = servers.follower.database.sql(tx);
    for (const table of ["delivery_followed", "delivery_followed_heads"]) {
      $client.exec(`DELETE FROM ${table}`);
    }
    await servers.follower.delivery.restored(tx, firstLife);
  });
  await a.say("lost");
  expect(await servers.deliver(servers.outbox.splice(0).map(deliveryOf))).toEqual(["unknownRoom"]);
  await servers.hub.database.transaction((tx) =>
    servers.hub.delivery.hosted.introduceAgain(tx, servers.follower.domain, a.room),
  );
  const { seat } = await comeIn(bob, a, { removeLeaf: b.group.ownLeaf });
  await servers.flush();
  await a.sync();
  await a.say("found");
  await servers.flush();
  await seat.sync();
  expect(seat.texts).toEqual(["found"]);
});
