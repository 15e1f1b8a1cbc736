import {
  firstClientListPrevious,
  LIMITS,
  mintClientUri,
  mintRoomUri,
  NetworkFault,
  parseDomain,
  Refusal,
  signedClientListCodec,
  userOfClient,
  userUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import type { Bytes, RefusalCode, RoomUri, UserUri } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { homeName, hubName, LinkedServers, thirdName } from "../federation/linked-servers.ts";

const octets = (length: number, value = 7) => new Uint8Array(length).fill(value);
const hub = parseDomain(hubName);
const home = parseDomain(homeName);
const alice = userUri(home, "alice");
const client = mintClientUri(alice, octets);
const caller = { user: alice, client };
const room = mintRoomUri(hub, octets);

let servers: LinkedServers;
beforeEach(() => {
  servers = new LinkedServers();
});
afterEach(() => servers[Symbol.asyncDispose]());

test("R-015 FED-925 messages of one turn go to a hub in one request, each with its own answer", async () => {
  const order: string[] = [];
  const there = await servers.open(hubName, {
    hosted: {
      submit: async ({ user, client: sender }, name, request) => {
        expect([user, sender, name]).toEqual([alice, client, room]);
        const text = utf8Decode(request);
        order.push(text);
        if (text === "m3") throw new Refusal("epochTooOld", "again", { currentEpoch: 9 });
        if (text === "m5") throw new TypeError("a bug with a secret");
        return utf8Encode(`took ${text}`);
      },
    },
  });
  const here = await servers.open(homeName);
  const submit = (text: string) =>
    here.federation.hubs.submit(hub, caller, room, utf8Encode(text)).then(utf8Decode);
  const texts = Array.from({ length: 1_200 }, (_, at) => `m${at}`);
  const answers = await Promise.allSettled(texts.map(submit));
  expect(order).toEqual(texts);
  expect(answers[3]).toMatchObject({ reason: { code: "epochTooOld", data: { currentEpoch: 9 } } });
  // What failed in the hub is its own affair; the client only learns that it has no answer.
  expect(answers[5]).toMatchObject({ reason: { code: "peerUnreachable" } });
  const taken = answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
  expect(taken).toEqual(
    texts.filter((_, at) => at !== 3 && at !== 5).map((text) => `took ${text}`),
  );
  expect(there.count("submitMessage")).toBeLessThanOrEqual(4);
});

test("FED-921 a server speaks for its own clients only", async () => {
  let asked = 0;
  const count = async () => octets((asked += 1));
  await servers.open(hubName, {
    hosted: { submit: count, update: count, groupInfo: count, tree: count },
  });
  const here = await servers.open(homeName);
  const stranger = mintClientUri(userUri(parseDomain(thirdName), "mallory"), octets);
  const other = { user: userOfClient(stranger), client: stranger };
  const { hubs } = here.federation;
  const attempts = [
    () => hubs.submit(hub, other, room, octets(3)),
    () => hubs.update(hub, other, room, octets(3)),
    () => hubs.groupInfo(hub, other, room, octets(3)),
    () => hubs.tree(hub, other, room, 1),
    () => hubs.leave(hub, other, room),
  ];
  for (const attempt of attempts) {
    await expect(attempt()).rejects.toMatchObject({ code: "clientMismatch" });
  }
  expect(asked).toBe(0);
});

test("R-015 FED-1123 a room is handed over with a tree of many megabytes", async () => {
  const taken: number[] = [];
  await servers.open(hubName, {
    hosted: { takeOver: async (_peer, _name, request) => void taken.push(request.length) },
  });
  const { hubs } = (await servers.open(homeName)).federation;
  const limit = LIMITS.takeOverBodyBytesMax;
  await hubs.takeOver(hub, room, octets(limit));
  await expect(hubs.takeOver(hub, room, octets(limit + 1))).rejects.toMatchObject({
    code: "tooLarge",
    data: { limit },
  });
  expect(taken).toEqual([limit]);
});

test("R-015 FED-922 requests and answers pass unchanged, and refusals as the hub said them", async () => {
  const answer = (kind: string) => async (_: unknown, name: RoomUri, request: Bytes) =>
    utf8Encode(`${kind} ${name} ${utf8Decode(request)}`);
  await servers.open(hubName, {
    hosted: {
      update: answer("update"),
      groupInfo: answer("groupInfo"),
      tree: async (_, name, epoch) => {
        if (epoch === 7) throw new Refusal("notMember", "not yours");
        return utf8Encode(`tree ${name} ${epoch}`);
      },
      leave: async () => [3, 9],
      events: async (peer, name, { after, limit, introduce }) => {
        expect([peer, name, limit]).toEqual([home, room, 20]);
        return {
          oldest: after + 1,
          last: 40,
          entries: [octets(5), octets(6)],
          head: undefined,
          introduction: introduce === true ? { hubKey: octets(32), roster: [] } : undefined,
        };
      },
      standing: async () => ({
        position: 5,
        hash: octets(32),
        head: undefined,
        groupInfo: undefined,
      }),
    },
  });
  const { hubs } = (await servers.open(homeName)).federation;
  const text = utf8Encode("as it is");
  expect(utf8Decode(await hubs.update(hub, caller, room, text))).toBe(`update ${room} as it is`);
  expect(utf8Decode(await hubs.groupInfo(hub, caller, room, text))).toBe(
    `groupInfo ${room} as it is`,
  );
  expect(utf8Decode(await hubs.tree(hub, caller, room, 4))).toBe(`tree ${room} 4`);
  await expect(hubs.tree(hub, caller, room, 7)).rejects.toMatchObject({ code: "notMember" });
  expect(await hubs.leave(hub, caller, room)).toEqual([3, 9]);
  const missed = {
    oldest: 11,
    last: 40,
    entries: [octets(5), octets(6)],
    head: undefined,
    introduction: undefined,
  };
  expect(await hubs.events(hub, room, { after: 10, limit: 20 })).toEqual(missed);
  expect(await hubs.events(hub, room, { after: 10, limit: 20, introduce: true })).toEqual({
    ...missed,
    introduction: { hubKey: octets(32), roster: [] },
  });
  expect(await hubs.standing(hub, room)).toMatchObject({ position: 5, hash: octets(32) });
  const long = octets(LIMITS.requestBodyBytesMax + 1);
  await expect(hubs.update(hub, caller, room, long)).rejects.toMatchObject({ code: "tooLarge" });
  await expect(hubs.submit(hub, caller, room, long)).rejects.toMatchObject({ code: "tooLarge" });
});

test("FED-934 a server that cannot be reached is named with a time, and not asked again at once", async () => {
  const here = await servers.open(homeName);
  let posts = 0;
  here.beforePost = () => void (posts += 1);
  const { hubs, users } = here.federation;
  const gone = { code: "peerUnreachable", data: { retryAfterMs: expect.any(Number) } };
  await expect(hubs.update(hub, caller, room, octets(3))).rejects.toMatchObject(gone);
  const tried = posts;
  expect(tried).toBe(3);
  await expect(hubs.submit(hub, caller, room, octets(3))).rejects.toMatchObject(gone);
  await expect(users.find(userUri(hub, "bob"))).rejects.toMatchObject(gone);
  expect(posts).toBe(tried);
  here.denied.add(hub);
  await expect(hubs.submit(hub, caller, room, octets(3))).rejects.toMatchObject({
    code: "peerDenied",
  });
});

test("FED-934 what servers refuse each other on the way is not the client's affair", async () => {
  const refusals: Refusal[] = [];
  await servers.open(hubName, {
    hosted: { update: async () => Promise.reject(refusals.shift() ?? new Error("no more")) },
  });
  const { hubs } = (await servers.open(homeName)).federation;
  const told = async (refusal: Refusal): Promise<unknown> => {
    refusals.push(refusal);
    const refused = await hubs
      .update(hub, caller, room, octets(3))
      .catch((error: unknown) => error);
    return refused instanceof Refusal ? [refused.code, refused.data.retryAfterMs] : refused;
  };
  expect(await told(new Refusal("signatureInvalid", "no"))).toEqual(["peerUnreachable", 1_000]);
  expect(await told(new Refusal("peerLimited", "no", { retryAfterMs: 5 }))).toEqual([
    "peerUnreachable",
    5,
  ]);
  expect(await told(new Refusal("wrongEpoch", "no"))).toEqual(["wrongEpoch", undefined]);
  expect(await told(new Refusal("rateLimited", "no", { retryAfterMs: 9 }))).toEqual([
    "rateLimited",
    9,
  ]);
  expect(await told(new Refusal("notHub", "no"))).toEqual(["notHub", undefined]);
});

test("FED-927 FED-934 a client hears that a tree is gone, and that the room's rules are not known", async () => {
  const refuse = (code: RefusalCode) => async () => Promise.reject(new Refusal(code, "no"));
  await servers.open(hubName, {
    hosted: {
      tree: refuse("notFound"),
      leave: refuse("notFound"),
      update: refuse("versionUnsupported"),
      groupInfo: refuse("versionUnsupported"),
    },
  });
  const { hubs } = (await servers.open(homeName)).federation;
  await expect(hubs.tree(hub, caller, room, 1)).rejects.toMatchObject({ code: "notFound" });
  for (const ask of [hubs.update, hubs.groupInfo]) {
    const refused = { code: "versionUnsupported" };
    await expect(ask(hub, caller, room, octets(3))).rejects.toMatchObject(refused);
  }
  const unreachable = { code: "peerUnreachable" };
  await expect(hubs.leave(hub, caller, room)).rejects.toMatchObject(unreachable);
});

test("FED-936 a request whose connection broke is sent again, the same octets under the same id", async () => {
  const there = await servers.open(hubName, { hosted: { update: async () => octets(4) } });
  const here = await servers.open(homeName);
  const ids: (string | undefined)[] = [];
  here.beforePost = ({ transactionId }) => {
    ids.push(transactionId);
    if (ids.length < 3) throw new NetworkFault("broken", "cut off");
  };
  expect(await here.federation.hubs.update(hub, caller, room, octets(3))).toEqual(octets(4));
  expect(new Set(ids).size).toBe(1);
  expect(ids[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(there.count("update")).toBe(1);
});

test("FED-936 messages that a silent connection swallowed go again when an answer is overdue", async () => {
  const hosted = { submit: async () => octets(4), update: async () => octets(5) };
  const there = await servers.open(hubName, { hosted });
  const here = await servers.open(homeName);
  const posted: { readonly id: string | undefined; readonly timeoutMs: number }[] = [];
  here.beforePost = ({ transactionId, timeoutMs }) => {
    posted.push({ id: transactionId, timeoutMs });
    if (posted.length % 2 === 1) throw new NetworkFault("timeout", "nothing came");
  };
  expect(await here.federation.hubs.submit(hub, caller, room, octets(3))).toEqual(octets(4));
  expect(there.count("submitMessage")).toBe(1);
  expect(new Set(posted.map(({ id }) => id)).size).toBe(1);
  expect(posted[0]?.timeoutMs).toBeLessThan(7_000);
  expect(posted[1]?.timeoutMs).toBeGreaterThan(10_000);
  // What may take its time at the hub is not asked twice.
  const failed = { code: "peerUnreachable" };
  await expect(here.federation.hubs.update(hub, caller, room, octets(3))).rejects.toMatchObject(
    failed,
  );
  expect(posted[2]?.timeoutMs).toBe(LIMITS.peerTimeoutMs);
});

test("H-10 what waits for one hub is bounded, and the refusal names the bound", async () => {
  const waiting = Promise.withResolvers<void>();
  await servers.open(hubName, {
    hosted: {
      submit: async () => {
        await waiting.promise;
        return octets(1);
      },
      tree: async () => {
        await waiting.promise;
        return octets(1);
      },
    },
  });
  const { hubs } = (await servers.open(homeName)).federation;
  const submit = () => hubs.submit(hub, caller, room, octets(100));
  const begun = Array.from({ length: LIMITS.submissionsWaitingPerPeerMax }, submit);
  await expect(submit()).rejects.toMatchObject({
    code: "peerUnreachable",
    data: { limitName: "submissionsWaitingPerPeerMax" },
  });
  const trees = Array.from({ length: LIMITS.requestsWaitingPerPeerMax + 4 }, () =>
    hubs.tree(hub, caller, room, 1),
  );
  await expect(hubs.tree(hub, caller, room, 1)).rejects.toMatchObject({
    code: "peerUnreachable",
    data: { limitName: "requestsWaitingPerPeerMax" },
  });
  waiting.resolve();
  await Promise.all([...begun, ...trees]);
});

test("FED-931 a user's list is asked for once, and believed for a while", async () => {
  const bob = userUri(hub, "bob");
  const clientList = listOf(bob);
  const countersigners = [{ kid: "k1", key: octets(32) }];
  const there = await servers.open(hubName, {
    localUsers: {
      findFor: async (_peer, user) => (user === bob ? { clientList } : undefined),
      countersigners: () => countersigners,
    },
  });
  const { users } = (await servers.open(homeName)).federation;
  const found = await Promise.all([users.find(bob), users.find(bob), users.find(bob)]);
  for (const each of found) expect(each).toEqual({ clientList, countersigners });
  expect(await users.find(bob)).toEqual({ clientList, countersigners });
  expect(there.count("identifierQuery")).toBe(1);
  await users.find(bob, { fresh: true });
  expect(there.count("identifierQuery")).toBe(2);
  const nobody = userUri(hub, "nobody");
  expect([await users.find(nobody), await users.find(nobody)]).toEqual([undefined, undefined]);
  expect(there.count("identifierQuery")).toBe(3);
  users.forget(nobody);
  await users.find(nobody);
  expect(there.count("identifierQuery")).toBe(4);
});

test("FED-931 a list of another user than the one that was asked for is none", async () => {
  const clientList = listOf(userUri(hub, "carol"));
  await servers.open(hubName, { localUsers: { findFor: async () => ({ clientList }) } });
  const { users } = (await servers.open(homeName)).federation;
  expect(await users.find(userUri(hub, "bob"))).toBeUndefined();
});

function listOf(user: UserUri): Bytes {
  const identityKey = octets(32);
  return signedClientListCodec.encode({
    list: { user, version: 1, previousHash: firstClientListPrevious, clients: [] },
    certificate: {
      user,
      identityKey,
      number: 1,
      deviceSigningKey: identityKey,
      createdAt: 1,
      signature: octets(64),
    },
    signature: octets(64),
    countersignature: new Uint8Array(0),
    countersigner: "",
  });
}
