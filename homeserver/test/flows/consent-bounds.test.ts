import { LIMITS, RATE_LIMITS, Refusal, userUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Tx } from "../../src/platform/index.ts";
import { enrol } from "../people/holder.ts";
import type { SmallServer } from "../people/small-server.ts";
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

test("FED-963 FED-964 a request to nobody, or too many of them, is received like any other", async () => {
  await using world = await openAliceAndBob();
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
});

test("FED-963 a request is not counted as often as its batch is taken back", async () => {
  await using world = await openAliceAndBob();
  const { a, b, alice, bob } = world;
  const request = (tx: Tx) =>
    b.authentication.consent(tx, a.domain, {
      operation: "request",
      requester: alice.user,
      target: bob.user,
      room: undefined,
      note: "",
      at: 1,
    });
  for (let time = 0; time < 2 * RATE_LIMITS.contactRequestPerPair.count; time += 1) {
    const poisoned = b.database.transaction(async (tx) => {
      await request(tx);
      throw new Refusal("invalidMessage", "another item of the batch");
    });
    await expect(poisoned).rejects.toMatchObject({ code: "invalidMessage" });
  }
  expect(await contactsOf(b, bob)).toEqual([]);
  await b.database.transaction(request);
  expect(await contactsOf(b, bob)).toMatchObject([{ user: alice.user }]);
});

test("bounds of one's own requests are refused by name, and nothing is sent", async () => {
  await using world = await openAliceAndBob();
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
    await act(a, alice, "request", bob.user, { room: roomAt(a) });
  }
  a.advance(86_400_000);
  const more = await tryAct(a, alice, "request", bob.user, { room: roomAt(a) });
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
  await using world = await openAliceAndBob();
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
  await using world = await openAliceAndBob();
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
  await using world = await openAliceAndBob({ queuingLimits: { inboxEntriesMax: 3 } });
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
