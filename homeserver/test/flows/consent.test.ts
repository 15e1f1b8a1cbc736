import { LIMITS, mintRoomUri, paths, RATE_LIMITS, userUri } from "@treehouse/protocol";
import type { ConsentEntry, RoomUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { ask } from "../people/ask.ts";
import { enrol } from "../people/holder.ts";
import type { Holder } from "../people/holder.ts";
import type { SmallServer } from "../people/small-server.ts";
import { testCrypto } from "../people/person.ts";
import {
  act,
  contactsOf,
  newsOf,
  openTwoServers,
  stateOf,
  toldTo,
  tryAct,
} from "../people/two-servers.ts";
import type { TwoServers } from "../people/two-servers.ts";

type People = TwoServers & { readonly alice: Holder; readonly bob: Holder };

/** Alice is of server a, Bob of server b. */
async function openPeople(options: Parameters<typeof openTwoServers>[0] = {}): Promise<People> {
  const world = await openTwoServers(options);
  const alice = await enrol(world.a, "alice");
  const bob = await enrol(world.b, "bob");
  return Object.assign(world, { alice, bob });
}

async function states({ a, b, alice, bob }: People): Promise<readonly string[]> {
  return [await stateOf(a, alice, bob.user), await stateOf(b, bob, alice.user)];
}

test("R-042 FED-961 a request across servers is seen with its note, and mutual once accepted", async () => {
  await using world = await openPeople();
  const { a, b, alice, bob } = world;
  const note = "it is me, from the choir";
  expect(await act(a, alice, "request", bob.user, { note })).toMatchObject({
    user: bob.user,
    state: "requested",
    mayAdd: false,
    mayBeAdded: true,
  });
  expect(await stateOf(b, bob, alice.user)).toBe("none");
  await world.deliver();
  expect(await newsOf(b, bob)).toMatchObject([
    { name: "contactRequested", contact: { user: alice.user, state: "incoming", note } },
  ]);
  // The request lets Bob add Alice, who waits for the same.
  expect(await contactsOf(b, bob)).toMatchObject([{ mayAdd: true, mayBeAdded: false }]);
  expect(await act(b, bob, "accept", alice.user)).toMatchObject({ state: "mutual" });
  expect(await states(world)).toEqual(["requested", "mutual"]);
  await world.deliver();
  expect(await states(world)).toEqual(["mutual", "mutual"]);
  expect(await toldTo(a, alice)).toEqual(["contactChanged requested", "contactAccepted mutual"]);
  expect(await toldTo(b, bob)).toEqual(["contactChanged mutual"]);
  const [contact] = await contactsOf(b, bob);
  expect(contact?.note).toBeUndefined();
});

test("R-042 requests that cross are answered by each other", async () => {
  await using world = await openPeople();
  const { a, b, alice, bob } = world;
  await act(a, alice, "request", bob.user);
  await act(b, bob, "request", alice.user);
  await world.deliver();
  expect(await states(world)).toEqual(["mutual", "mutual"]);
});

test("R-042 declining is told to nobody; asking again is seen again; taking it back is seen, too", async () => {
  await using world = await openPeople();
  const { a, b, alice, bob } = world;
  await act(a, alice, "request", bob.user, { note: "first" });
  await world.deliver();
  expect(await act(b, bob, "decline", alice.user)).toMatchObject({ state: "none" });
  expect(world.line).toEqual([]);
  expect(await states(world)).toEqual(["requested", "none"]);

  await act(a, alice, "request", bob.user, { note: "second" });
  await world.deliver();
  expect(await toldTo(b, bob)).toEqual([
    "contactRequested incoming",
    "contactChanged none",
    "contactRequested incoming",
  ]);
  expect(await contactsOf(b, bob)).toMatchObject([{ note: "second" }]);

  expect(await act(a, alice, "withdraw", bob.user)).toMatchObject({ state: "none" });
  await world.deliver();
  expect(await states(world)).toEqual(["none", "none"]);
  expect((await tryAct(b, bob, "accept", alice.user)).refusal?.code).toBe("notFound");
});

test("R-042 FED-962 words that come twice, and servers that start again in between, change nothing", async () => {
  await using world = await openPeople();
  const { alice, bob } = world;
  await act(world.a, alice, "request", bob.user);
  await act(world.a, alice, "request", bob.user);
  await world.restart();
  await world.deliver(2);
  expect(await toldTo(world.b, bob)).toEqual(["contactRequested incoming"]);
  await act(world.b, bob, "accept", alice.user);
  await act(world.b, bob, "accept", alice.user);
  await world.restart();
  await world.deliver(3);
  expect(await states(world)).toEqual(["mutual", "mutual"]);
  expect(await toldTo(world.a, alice)).toEqual([
    "contactChanged requested",
    "contactAccepted mutual",
  ]);
  // An answer that was lost is given again when it is asked for.
  await act(world.b, bob, "withdraw", alice.user);
  world.line.splice(0);
  expect(await states(world)).toEqual(["mutual", "none"]);
  await act(world.b, bob, "request", alice.user);
  await world.deliver();
  expect(await states(world)).toEqual(["mutual", "mutual"]);
});

test("R-042 who is no contact any more is told, and may still ask", async () => {
  await using world = await openPeople();
  const { a, b, alice, bob } = world;
  await act(a, alice, "request", bob.user);
  await world.deliver();
  await act(b, bob, "accept", alice.user);
  await world.deliver();
  await act(b, bob, "withdraw", alice.user);
  await world.deliver();
  expect(await states(world)).toEqual(["requested", "none"]);
  expect((await contactsOf(a, alice))[0]).toMatchObject({ mayAdd: false, mayBeAdded: true });
  await act(a, alice, "withdraw", bob.user);
  expect(await contactsOf(a, alice)).toEqual([]);
});

test("R-043 FED-964 a blocked user is answered like any other and reaches nobody", async () => {
  await using world = await openPeople();
  const { a, b, alice, bob } = world;
  await act(a, alice, "request", bob.user);
  await world.deliver();
  await act(b, bob, "accept", alice.user);
  await world.deliver();
  await newsOf(b, bob);
  const before = await contactsOf(a, alice);
  expect(await act(b, bob, "block", alice.user)).toMatchObject({ state: "blocked" });
  expect(world.line).toEqual([]);
  expect(await contactsOf(a, alice)).toEqual(before);
  expect(await toldTo(b, bob)).toEqual(["contactChanged blocked"]);

  const heard = await (async () => {
    await act(a, alice, "request", bob.user, { note: "why?" });
    return world.deliver();
  })();
  expect(heard).toEqual([{}]);
  expect(await toldTo(b, bob)).toEqual([]);
  expect(await states(world)).toEqual(["requested", "blocked"]);

  // Whoever is blocked is not let in by a slip of the pen.
  for (const what of ["request", "accept"] as const) {
    expect((await tryAct(b, bob, what, alice.user)).refusal?.code).toBe("notAllowed");
  }
  // Unblocking brings back what was there; what was dropped stays dropped.
  expect(await act(b, bob, "unblock", alice.user)).toMatchObject({ state: "mutual" });
  expect(await act(b, bob, "unblock", alice.user)).toMatchObject({ state: "mutual" });
});

test("R-043 the same on one server: who is blocked sees what they saw", async () => {
  await using world = await openPeople();
  const { a, alice } = world;
  const carol = await enrol(a, "carol");
  await act(a, carol, "block", alice.user);
  expect(await act(a, alice, "request", carol.user)).toMatchObject({ state: "requested" });
  expect(await toldTo(a, alice)).toEqual(["contactChanged requested"]);
  expect(await toldTo(a, carol)).toEqual(["contactChanged blocked"]);
  await act(a, carol, "unblock", alice.user);
  expect(await stateOf(a, carol, alice.user)).toBe("none");
  await act(a, alice, "request", carol.user);
  expect(await act(a, carol, "accept", alice.user)).toMatchObject({ state: "mutual" });
  expect(await stateOf(a, alice, carol.user)).toBe("mutual");
  expect(world.line).toEqual([]);
});

test("FED-961 FED-966 leave may be for one room", async () => {
  await using world = await openPeople();
  const { a, b, alice, bob } = world;
  const [room, other] = [roomOf(a), roomOf(a)];
  await act(a, alice, "request", bob.user, { room });
  await world.deliver();
  expect(await contactsOf(b, bob)).toMatchObject([
    { state: "incoming", rooms: [room], mayAdd: false },
  ]);
  await act(b, bob, "accept", alice.user);
  await world.deliver();
  expect(await contactsOf(a, alice)).toMatchObject([
    { state: "granted", rooms: [room], mayAdd: true, mayBeAdded: false },
  ]);
  const { authentication, database } = b;
  const may = (asked?: RoomUri) =>
    database.read((tx) =>
      authentication.mayClaim(tx, { requester: alice.user, target: bob.user, room: asked }),
    );
  expect([await may(room), await may(other), await may()]).toEqual([
    "given",
    "notGiven",
    "notGiven",
  ]);
  // Asked for any room, Bob may still answer for one.
  await act(a, alice, "request", bob.user);
  await world.deliver();
  await act(b, bob, "accept", alice.user, { room: other });
  expect([await may(other), await may()]).toEqual(["given", "notGiven"]);
});

test("FED-960 a peer speaks for its own users only, and to users of the server that it tells", async () => {
  await using world = await openPeople();
  const { b, alice, bob } = world;
  const peer = world.a.domain;
  const eve = userUri(b.domain, "eve");
  const hear = (entry: Partial<ConsentEntry> & Pick<ConsentEntry, "operation">) =>
    b.database.transaction((tx) =>
      b.authentication.consent(tx, peer, {
        requester: alice.user,
        target: bob.user,
        room: undefined,
        note: "",
        at: 1,
        ...entry,
      }),
    );
  const rejected = { rejected: "notAllowed" };
  for (const operation of ["request", "cancel"] as const) {
    expect(await hear({ operation })).toEqual({});
    expect(await hear({ operation, requester: eve })).toEqual(rejected);
    expect(await hear({ operation, target: alice.user })).toEqual(rejected);
  }
  for (const operation of ["grant", "revoke"] as const) {
    expect(await hear({ operation, requester: bob.user, target: alice.user })).toEqual({});
    expect(await hear({ operation })).toEqual(rejected);
    expect(await hear({ operation, requester: bob.user, target: eve })).toEqual(rejected);
  }
  // A grant that nobody asked for puts nobody on a list.
  expect(await contactsOf(b, bob)).toEqual([]);
});

test("FED-963 FED-964 a request to nobody, or too many of them, is received like any other", async () => {
  await using world = await openPeople();
  const { b, alice, bob } = world;
  const peer = world.a.domain;
  const request = (name: string, target = bob.user) =>
    b.database.transaction((tx) =>
      b.authentication.consent(tx, peer, {
        operation: "request",
        requester: userUri(peer, name),
        target,
        room: undefined,
        note: "",
        at: 1,
      }),
    );
  expect(await request("alice", userUri(b.domain, "nobody"))).toEqual({});
  const max = LIMITS.contactRequestsWaitingPerPeerMax;
  for (let count = 0; count <= max; count += 1) {
    expect(await request(`stranger-${count}`)).toEqual({});
  }
  const waiting = await contactsOf(b, bob);
  expect(waiting.length).toBe(max);
  expect(waiting.map(({ user }) => user)).not.toContain(alice.user);
  // Beyond its rate a peer is told to wait, and the item comes again.
  const beyondRate = async (): Promise<void> => {
    for (let count = 0; count < 2 * RATE_LIMITS.consentPerPeer.count; count += 1) {
      await request("alice");
    }
  };
  await expect(beyondRate()).rejects.toMatchObject({
    code: "rateLimited",
    data: { limitName: "consentPerPeer" },
  });
});

test("bounds of one's own requests are refused by name, and nothing is sent", async () => {
  await using world = await openPeople();
  const { a, alice, bob } = world;
  const long = await tryAct(a, alice, "request", bob.user, {
    note: "ü".repeat(LIMITS.consentNoteBytesMax / 2 + 1),
  });
  expect(long.refusal).toMatchObject({
    code: "limitExceeded",
    data: { limitName: "consentNoteBytesMax", limit: LIMITS.consentNoteBytesMax },
  });
  for (const note of ["\ud800", "a\0b"]) {
    expect((await tryAct(a, alice, "request", bob.user, { note })).refusal?.code).toBe("malformed");
  }
  expect((await tryAct(a, alice, "request", alice.user)).refusal?.code).toBe("notAllowed");
  const nobody = userUri(a.domain, "nobody");
  expect((await tryAct(a, alice, "request", nobody)).refusal?.code).toBe("unknownUser");
  expect(world.line).toEqual([]);

  for (let room = 0; room < LIMITS.contactRoomsMax; room += 1) {
    a.advance(86_400_000);
    await act(a, alice, "request", bob.user, { room: roomOf(a) });
  }
  a.advance(86_400_000);
  const more = await tryAct(a, alice, "request", bob.user, { room: roomOf(a) });
  expect(more.refusal).toMatchObject({
    code: "limitExceeded",
    data: { limitName: "contactRoomsMax" },
  });
  const { count } = RATE_LIMITS.contactRequestPerPair;
  a.advance(86_400_000);
  for (let time = 0; time < count; time += 1) await act(a, alice, "request", bob.user);
  expect((await tryAct(a, alice, "request", bob.user)).refusal).toMatchObject({
    code: "rateLimited",
    data: { limitName: "contactRequestPerPair" },
  });
});

test("whoever has as many contacts or open requests as one may is told which bound it is", async () => {
  await using world = await openPeople();
  const { a, alice, bob } = world;
  const refused = async (what: "request" | "block", user = bob.user) => {
    const { refusal } = await tryAct(a, alice, what, user);
    return [refusal?.code, refusal?.data.limitName];
  };
  // Others of this server have asked as many users of the other one as all together may.
  await fill(a, { count: LIMITS.contactRequestsPerPeerMax, owner: "others", asked: true });
  expect(await refused("request")).toEqual(["limitExceeded", "contactRequestsPerPeerMax"]);
  await forgetAll(a);
  await fill(a, { count: LIMITS.contactRequestsOpenMax, owner: "alice", asked: true });
  expect(await refused("request")).toEqual(["limitExceeded", "contactRequestsOpenMax"]);
  expect(await refused("block", userUri(a.domain, "y"))).toEqual([undefined, undefined]);
  await forgetAll(a);
  await fill(a, { count: LIMITS.contactsPerUserMax, owner: "alice", asked: false });
  expect(await refused("request")).toEqual(["limitExceeded", "contactsPerUserMax"]);
  expect(await refused("block", userUri(a.domain, "x"))).toEqual([
    "limitExceeded",
    "contactsPerUserMax",
  ]);
  // Whom one knows already is no new contact.
  expect(await refused("request", userUri(world.b.domain, "user-7"))).toEqual([
    undefined,
    undefined,
  ]);
});

test("FED-964 requests beyond what one user lets wait are dropped, also of one server", async () => {
  await using world = await openPeople();
  const { a, alice } = world;
  const carol = await enrol(a, "carol");
  await fill(a, { count: LIMITS.contactRequestsWaitingMax, owner: "alice", waiting: true });
  expect(await act(a, carol, "request", alice.user)).toMatchObject({ state: "requested" });
  expect(await stateOf(a, alice, carol.user)).toBe("none");
  await forgetAll(a);
  await act(a, carol, "request", alice.user);
  expect(await stateOf(a, alice, carol.user)).toBe("incoming");
});

test("a full inbox stops nobody: one event stands for all that are left out", async () => {
  await using world = await openPeople({ queuingLimits: { inboxEntriesMax: 3 } });
  const { a, alice } = world;
  const others = [];
  for (let count = 0; count < 6; count += 1) others.push(await enrol(a, `other-${count}`));
  for (const other of others) {
    expect(await act(a, other, "request", alice.user)).toMatchObject({ state: "requested" });
  }
  const news = await newsOf(a, alice);
  expect(news.map(({ name }) => name)).toEqual([
    "contactRequested",
    "contactRequested",
    "contactRequested",
    "eventsDropped",
  ]);
  expect((await contactsOf(a, alice)).length).toBe(6);
  const [first] = others;
  if (first === undefined) throw new Error("there are six");
  await act(a, first, "withdraw", alice.user);
  expect(await toldTo(a, alice)).toEqual(["contactChanged none"]);
});

test("no contact endpoint answers without a session, nor anything but a problem to bad input", async () => {
  await using world = await openPeople();
  const { a, alice, bob } = world;
  const address = paths.contact("bob@b.example");
  const acts = ["request", "accept", "decline", "block", "unblock"];
  for (const path of [paths.contacts(), ...acts.map((what) => `${address}/${what}`)]) {
    const json = path === paths.contacts() ? {} : { json: {} };
    expect((await ask(a.url, path, json)).status).toBe(401);
    if (path === paths.contacts()) continue;
    const strict = await ask(a.url, path, { token: alice.token, json: { more: 1 } });
    expect(strict.refusal?.code).toBe("malformed");
    const nobody = path.replace(encodeURIComponent("bob@b.example"), "bob");
    const wrong = await ask(a.url, nobody, { token: alice.token, json: {} });
    expect(wrong.refusal?.code).toBe("malformed");
  }
  expect(await stateOf(a, alice, bob.user)).toBe("none");
});

function roomOf({ domain }: SmallServer): RoomUri {
  return mintRoomUri(domain, (length) => testCrypto.random(length));
}

/** Puts rows about so many users of the other server there, as their acts would have. */
function fill(
  { database }: SmallServer,
  rows: {
    readonly count: number;
    readonly owner: string;
    readonly asked?: boolean;
    readonly waiting?: boolean;
  },
): Promise<void> {
  return database.transaction((tx) => {
    const insert = database
      .sql(tx)
      .$client.prepare<[string, string, number, number]>(
        `INSERT INTO authentication_contacts VALUES (?, ?, '', 'b.example', ?, ?, 1, 0, '', 1)`,
      );
    const [asked, waiting] = [rows.asked ? 1 : 0, rows.waiting ? 1 : 0];
    for (let count = 0; count < rows.count; count += 1) {
      insert.run(rows.owner, `mimi://b.example/u/user-${count}`, asked, waiting);
    }
  });
}

function forgetAll({ database }: SmallServer): Promise<void> {
  return database.transaction((tx) => {
    database.sql(tx).$client.exec("DELETE FROM authentication_contacts");
  });
}
