import { paths, userUri } from "@treehouse/protocol";
import type { ConsentEntry, RoomUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { ask } from "../people/ask.ts";
import { enrol } from "../people/holder.ts";
import {
  act,
  contactsOf,
  newsOf,
  openAliceAndBob,
  roomAt,
  stateOf,
  toldTo,
  tryAct,
} from "../people/two-servers.ts";
import type { AliceAndBob } from "../people/two-servers.ts";

async function states({ a, b, alice, bob }: AliceAndBob): Promise<readonly string[]> {
  return [await stateOf(a, alice, bob.user), await stateOf(b, bob, alice.user)];
}

test("R-042 FED-961 a request across servers is seen with its note, and mutual once accepted", async () => {
  await using world = await openAliceAndBob();
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
  await using world = await openAliceAndBob();
  const { a, b, alice, bob } = world;
  await act(a, alice, "request", bob.user);
  await act(b, bob, "request", alice.user);
  await world.deliver();
  expect(await states(world)).toEqual(["mutual", "mutual"]);
});

test("R-042 declining is told to nobody; asking again is seen again; taking it back is seen, too", async () => {
  await using world = await openAliceAndBob();
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
  await using world = await openAliceAndBob();
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
  await using world = await openAliceAndBob();
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
  await using world = await openAliceAndBob();
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
  await using world = await openAliceAndBob();
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
  await using world = await openAliceAndBob();
  const { a, b, alice, bob } = world;
  const [room, other] = [roomAt(a), roomAt(a)];
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
  await using world = await openAliceAndBob();
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

test("no contact endpoint answers without a session, nor anything but a problem to bad input", async () => {
  await using world = await openAliceAndBob();
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
