import { readAdditions } from "@treehouse/mls/public";
import {
  decodeEntry,
  encodeEntry,
  entryHash,
  paths,
  roomsAnswerSchema,
  signHead,
  toHex,
} from "@treehouse/protocol";
import type { Bytes, Entry, EntryDelivery, RoomUri, SignedHead } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { comeIn } from "../delivery/external.ts";
import { enrolPerson } from "../delivery/person.ts";
import { startPair } from "../delivery/pair.ts";
import type { Pair } from "../delivery/pair.ts";
import type { Person } from "../delivery/person.ts";
import { foundRoom, readInbox } from "../delivery/rooms.ts";
import { deliveryOf } from "../delivery/two-servers.ts";
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

function altered({ entry, ...rest }: EntryDelivery, change: Partial<Entry>): EntryDelivery {
  // The test's own forgery: whatever it changes is a field of that kind of entry.
  const forged: Entry = Object.assign({}, decodeEntry(entry), change);
  return { ...rest, entry: encodeEntry(forged) };
}

async function read(room: RoomUri) {
  return servers.follower.database.read((tx) =>
    servers.follower.queuing.readLog(tx, room, { after: 0 }),
  );
}

test("R-015 FED-948 members of two servers read the same octets at the same positions", async () => {
  const [a, b] = await pair.openRoom();
  await a.say("one");
  await b.say("two");
  await a.say("three");
  expect(servers.outbox.map(({ position }) => position)).toEqual([2, 3, 4]);
  await servers.flush();
  await a.sync();
  await b.sync();
  expect([a.texts, b.texts]).toEqual([["two"], ["one", "three"]]);
  expect(b.entries).toEqual(a.entries.slice(1));
  const answer = await bob.request("GET", paths.rooms());
  const { rooms } = roomsAnswerSchema.parse(JSON.parse(new TextDecoder().decode(answer.body)));
  expect(rooms).toEqual([{ room: a.room, epoch: 1, position: 4 }]);
});

test("FED-951 what comes twice is taken once, and what runs ahead is fetched from the hub", async () => {
  const [a, b] = await pair.openRoom();
  for (const text of ["one", "two", "three", "four"]) await a.say(text);
  const items = servers.outbox.splice(0).map(deliveryOf);
  const [one, two, , four] = items;
  if (one === undefined || two === undefined || four === undefined) throw new Error();
  expect(await servers.deliver([one, one])).toEqual([]);
  expect(await servers.deliver([one, four])).toEqual([]);
  await servers.follower.delivery.close();
  await b.sync();
  expect(b.texts).toEqual(["one", "two", "three", "four"]);
});

test("FED-953 nobody can push a room onto a client that does not expect it", async () => {
  const a = await foundRoom(alice);
  await a.commit({ add: [await bob.keyPackage()] });
  expect(await servers.deliver(servers.outbox.splice(0).map(deliveryOf))).toEqual(["notMember"]);
  expect(await readInbox(bob)).toEqual([]);
  expect((await read(a.room)).head).toBe(0);
  // Nor when the KeyPackage was given out for another room.
  const other = await foundRoom(alice);
  await other.commit({ add: [await pair.handOut(bob, a.room)] });
  expect(await servers.deliver(servers.outbox.splice(0).map(deliveryOf))).toEqual(["notMember"]);
  expect(await readInbox(bob)).toEqual([]);
});

test("FED-953 a KeyPackage that was given for no room in particular brings its client into any", async () => {
  const a = await foundRoom(alice);
  const keyPackage = await bob.keyPackage();
  servers.handedOut.set([...bob.secrets.keys()].at(-1) ?? "", undefined);
  await a.commit({ add: [keyPackage] });
  await servers.flush();
  expect(await readInbox(bob)).toHaveLength(1);
});

test("FED-953 a client that is added unasked to a followed room is not subscribed to it", async () => {
  const [a] = await pair.openRoom();
  const carol = await enrolPerson(servers.follower, "carol");
  await a.commit({ add: [await carol.keyPackage()] });
  await servers.flush();
  expect(await readInbox(carol)).toEqual([]);
  const answer = await carol.request("GET", paths.entries(a.room, { after: 0, limit: 9 }));
  expect(answer.refusal?.code).toBe("notMember");
  expect((await read(a.room)).head).toBe(2);
  const listed = await carol.request("GET", paths.rooms());
  expect(JSON.parse(new TextDecoder().decode(listed.body))).toEqual({ rooms: [] });
});

test("FED-950 only the hub is heard, and only what follows from what it said before", async () => {
  const [a] = await pair.openRoom();
  await a.say("one");
  const [item] = servers.outbox.splice(0).map(deliveryOf);
  if (item === undefined) throw new Error();
  const before = await servers.follower.contents();
  const { domain } = servers.follower;
  expect(await servers.deliver([item], [], domain)).toEqual(["notHub"]);
  expect(await servers.deliver([altered(item, { term: 0 })])).toEqual(["staleTerm"]);
  expect(await servers.deliver([altered(item, { term: 2 })])).toEqual(["staleTerm"]);
  expect(await servers.deliver([{ ...item, entry: item.entry.slice(0, -1) }])).toEqual([
    "malformed",
  ]);
  expect(await servers.follower.contents()).toBe(before);
  expect(servers.follower.faults).toEqual([]);
  // Two stories about one place: nothing more is taken of this room, not even the true one.
  const previous = new Uint8Array(32).fill(7);
  expect(await servers.deliver([altered(item, { previous })])).toEqual(["conflict"]);
  expect(await servers.deliver([item])).toEqual(["conflict"]);
  expect((await read(a.room)).head).toBe(1);
  expect(servers.follower.faults).toHaveLength(1);
  // Until an operator has looked.
  await servers.thaw(a.room);
  await servers.follower.delivery.close();
  expect((await read(a.room)).head).toBe(2);
});

test("FED-950 a commit whose roster does not add up is not taken, and the hub is asked for it", async () => {
  const [a] = await pair.openRoom();
  const carol = await enrolPerson(servers.hub, "carol");
  await a.commit({ add: [await carol.keyPackage()] });
  const [item] = servers.outbox.splice(0).map(deliveryOf);
  if (item === undefined) throw new Error();
  servers.cut = true;
  const rosterHash = new Uint8Array(32).fill(1);
  expect(await servers.deliver([altered(item, { rosterHash })])).toEqual([]);
  expect((await read(a.room)).head).toBe(1);
  servers.cut = false;
  expect(await servers.deliver([item])).toEqual([]);
  await servers.follower.delivery.close();
  expect(servers.follower.faults).toEqual([]);
  const { entries } = await read(a.room);
  expect(entries.at(-1)?.bytes).toEqual(item.entry);
});

test("FED-211 a signed head that contradicts what is here proves a fork", async () => {
  const [a] = await pair.openRoom();
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  if (head === undefined) throw new Error();
  expect(await servers.deliver([], [head])).toEqual([]);
  expect(servers.follower.faults).toEqual([]);
  const forged = { ...head.head, hash: new Uint8Array(32).fill(9) };
  // Signed by another key it proves nothing.
  const stranger = servers.hub.crypto.generateSignatureKeyPair();
  const foreign = signHead(forged, (m) => servers.hub.crypto.sign(stranger.privateKey, m));
  await servers.deliver([], [foreign]);
  expect(servers.follower.faults).toEqual([]);
  const key = await hubPrivateKey(a.room);
  await servers.deliver([], [signHead(forged, (m) => servers.hub.crypto.sign(key, m))]);
  expect(servers.follower.faults).toHaveLength(1);
});

test("FED-956 a term rises only with a head of it, and the log goes on behind the jump", async () => {
  const [a, b] = await pair.openRoom();
  await a.say("one");
  const [item] = servers.outbox.splice(0).map(deliveryOf);
  if (item === undefined) throw new Error();
  const head = await servers.hub.delivery.hosted.signedHead(a.room);
  if (head === undefined) throw new Error();
  const key = await hubPrivateKey(a.room);
  const position = 2 ** 32 + 2;
  const jumped = altered(item, { term: 2, position, previous: new Uint8Array(32).fill(3) });
  const hash = entryHash(jumped.entry);
  const restored = signHead({ ...head.head, term: 2, position, hash }, (message) =>
    servers.hub.crypto.sign(key, message),
  );
  expect(await servers.deliver([jumped])).toEqual(["staleTerm"]);
  // It may lack something of the term before, and asks; what comes then goes on behind the jump.
  servers.answered = (events) => ({
    ...events,
    last: position,
    entries: [jumped.entry],
    head: restored,
  });
  expect(await servers.deliver([jumped], [restored])).toEqual([]);
  await servers.follower.delivery.close();
  expect((await read(a.room)).head).toBe(position);
  const answer = await bob.request("GET", paths.entries(b.room, { after: 1, limit: 9 }));
  expect(answer.status).toBe(200);
  expect(await servers.deliver([item])).toEqual(["staleTerm"]);
});

test("FED-955 what stands here already is passed over, also if its term is over", async () => {
  const [a] = await pair.openRoom();
  await a.say("one");
  const items = servers.outbox.splice(0).map(deliveryOf);
  const [item] = items;
  if (item === undefined) throw new Error();
  expect(await servers.deliver(items)).toEqual([]);
  servers.cut = true;
  await servers.deliver([], [await headOfTerm2(a.room)]);
  // A restored hub sends again what it knows of no answer to.
  expect(await servers.deliver(items)).toEqual([]);
  const other = encodeEntry({ ...decodeEntry(item.entry), acceptedAt: 1 });
  expect(await servers.deliver([{ ...item, entry: other }])).toEqual(["staleTerm"]);
});

test("FED-956 what follows on a term that a head has proved is asked for, and not refused", async () => {
  const [a] = await pair.openRoom();
  await a.say("one");
  const [item] = servers.outbox.splice(0).map(deliveryOf);
  if (item === undefined) throw new Error();
  const previous = new Uint8Array(32).fill(3);
  const place = { term: 2, position: 1_001, previous };
  const later = encodeEntry({ ...decodeEntry(item.entry), ...place });
  servers.cut = true;
  expect(await servers.deliver([{ ...item, entry: later }])).toEqual(["staleTerm"]);
  await servers.deliver([], [await headOfTerm2(a.room)]);
  expect(await servers.deliver([{ ...item, entry: later }])).toEqual([]);
  expect((await read(a.room)).head).toBe(1);
});

test("FED-953 an external commit brings a client whose server has forwarded it, and only then", async () => {
  const { follower } = servers;
  const a = await foundRoom(alice, bob);
  const { seat } = await comeIn(bob, a);
  const items = servers.outbox.splice(0).map(deliveryOf);
  const [note] = await follower.database.transaction(async (tx) => {
    const { $client } = follower.database.sql(tx);
    return $client.prepare("DELETE FROM delivery_forwarded_commits RETURNING *").raw().all();
  });
  expect(await servers.deliver(items)).toEqual(["notMember"]);
  expect((await read(a.room)).head).toBe(0);
  await follower.database.transaction(async (tx) => {
    const { $client } = follower.database.sql(tx);
    $client.prepare("INSERT INTO delivery_forwarded_commits VALUES (?, ?, ?, ?)").run(note);
  });
  expect(await servers.deliver(items)).toEqual([]);
  await a.sync();
  await a.say("come in");
  await servers.flush();
  await seat.sync();
  expect(seat.texts).toEqual(["come in"]);
});

test("a hub that cannot be asked is a refusal, and the room goes on once it can", async () => {
  const [a, b] = await pair.openRoom();
  servers.cut = true;
  expect((await b.submit(await b.seal("lost?"))).status).toBe(500);
  servers.cut = false;
  await b.say("found");
  await a.sync();
  expect(a.texts).toEqual(["found"]);
});

test("a commit's additions are read without a tree", async () => {
  const [a] = await pair.openRoom();
  const carol = await enrolPerson(servers.follower, "carol");
  const { commit } = await a.prepare({ add: [await carol.keyPackage()] });
  const additions = await readAdditions({ crypto: servers.hub.crypto }, commit);
  expect(additions.joiner).toBeUndefined();
  expect(additions.added.map(({ client }) => client)).toEqual([carol.client]);
  expect(additions.added.map((one) => carol.secrets.has(toHex(one.keyPackageRef)))).toEqual([true]);
});

async function hubPrivateKey(room: RoomUri): Promise<Bytes> {
  return servers.hub.database.read(async (tx) => {
    const { $client } = servers.hub.database.sql(tx);
    const row = $client
      .prepare<[string], { key: Buffer }>(
        "SELECT hub_private_key AS key FROM delivery_rooms WHERE room = ? ORDER BY id",
      )
      .get(room);
    if (row === undefined) throw new Error();
    return new Uint8Array(row.key);
  });
}

/** As after a restore, by which the follower lacks something. */
async function headOfTerm2(room: RoomUri): Promise<SignedHead> {
  const head = await servers.hub.delivery.hosted.signedHead(room);
  if (head === undefined) throw new Error();
  const key = await hubPrivateKey(room);
  const raised = { ...head.head, term: 2, position: 1_000 };
  return signHead(raised, (message) => servers.hub.crypto.sign(key, message));
}
