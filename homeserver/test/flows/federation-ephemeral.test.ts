import {
  ephemeralBatchCodec,
  LIMITS,
  parseDomain,
  RATE_LIMITS,
  Refusal,
  submitMessageRequestCodec,
  mintClientUri,
  mintRoomUri,
  userUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import type { Bytes, RefusalCode } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { homeName, hubName, LinkedServers } from "../federation/linked-servers.ts";
import type { LinkedServer } from "../federation/linked-server.ts";

const octets = (length: number, value = 7) => new Uint8Array(length).fill(value);
const home = parseDomain(homeName);
const hub = parseDomain(hubName);

let servers: LinkedServers;
beforeEach(() => {
  servers = new LinkedServers();
});
afterEach(() => servers[Symbol.asyncDispose]());

/** A follower that notes what comes, and a way to wait for so many entries. */
async function follower() {
  const came: string[] = [];
  const waiting: (() => void)[] = [];
  const server = await servers.open(homeName, {
    pass: async (_, entry) => {
      came.push(utf8Decode(entry));
      for (const wake of waiting.splice(0)) wake();
    },
  });
  const until = async (count: number): Promise<void> => {
    while (came.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { server, came, until };
}

/** Resolves when that many requests for ephemeral entries were tried. */
function attempts(from: LinkedServer): {
  readonly count: () => number;
  until(n: number): Promise<void>;
} {
  const tried: unknown[] = [];
  const waiting: (() => void)[] = [];
  from.beforePost = ({ endpoint }) => {
    if (endpoint !== "ephemeral") return;
    tried.push(endpoint);
    for (const wake of waiting.splice(0)) wake();
  };
  return {
    count: () => tried.length,
    async until(n) {
      while (tried.length < n) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
}

test("FED-861 ephemeral entries of one turn go to a follower in few requests, in their order", async () => {
  const there = await follower();
  const here = await servers.open(hubName);
  const texts = Array.from({ length: 300 }, (_, at) => `e${at}`);
  for (const text of texts) here.federation.ephemerals.send(home, utf8Encode(text));
  await there.until(texts.length);
  expect(there.came).toEqual(texts);
  expect(there.server.count("ephemeral")).toBe(2);
});

test("FED-861 for a slow follower the oldest make room, and nothing is kept", async () => {
  const there = await follower();
  const here = await servers.open(hubName);
  const most = LIMITS.ephemeralWaitingPerPeerMax;
  for (let at = 0; at < most + 3; at += 1) {
    here.federation.ephemerals.send(home, utf8Encode(`e${at}`));
  }
  await there.until(most);
  expect(there.came[0]).toBe("e3");
});

test.each<[RefusalCode, object]>([
  ["notFound", {}],
  ["peerUnreachable", { retryAfterMs: 60_000 }],
])("FED-861 a server that answers %s is left alone for a while", async (code, data) => {
  await follower();
  const here = await servers.open(hubName);
  const tried = attempts(here);
  const counted = here.beforePost;
  here.beforePost = (call) => {
    counted(call);
    throw new Refusal(code, "no such thing here", data);
  };
  here.federation.ephemerals.send(home, utf8Encode("one"));
  await tried.until(1);
  // Whatever is sent now meets the pause: a look-up that comes back says that a turn has passed.
  for (let round = 0; round < 3; round += 1) {
    await Promise.allSettled([here.federation.hubs.standing(home, room)]);
    here.federation.ephemerals.send(home, utf8Encode("more"));
  }
  await Promise.allSettled([here.federation.hubs.standing(home, room)]);
  expect(tried.count()).toBe(1);
});

test("FED-861 to a server that cannot be reached nothing is sent, and later it is", async () => {
  const here = await servers.open(hubName);
  const tried = attempts(here);
  here.federation.ephemerals.send(home, utf8Encode("lost"));
  await tried.until(1);
  await expect(here.federation.hubs.standing(home, room)).rejects.toThrow(/cannot be reached/);
  const there = await follower();
  expect(there.came).toEqual([]);
});

test("FED-863 a follower takes so many in one request and in ten seconds, and no more", async () => {
  let passed = 0;
  const there = await servers.open(homeName, { pass: async () => void (passed += 1) });
  const here = await servers.open(hubName);
  const ask = (body: Bytes) =>
    postTo(here, body).then(
      () => undefined,
      (error: unknown) => error,
    );
  const full = ephemeralBatchCodec.encode({
    entries: Array.from({ length: LIMITS.ephemeralBatchItemsMax }, () => octets(10)),
  });
  let refused: unknown;
  while (refused === undefined) refused = await ask(full);
  expect(refused).toMatchObject({
    code: "rateLimited",
    data: { limitName: "ephemeralPerPeer", limit: RATE_LIMITS.ephemeralPerPeer.count },
  });
  expect(passed).toBeLessThanOrEqual(2 * RATE_LIMITS.ephemeralPerPeer.count);
  expect(there.count("ephemeral")).toBeGreaterThan(10);
});

test("FED-860 ephemeral messages for a hub that does not answer leave room for those that stay", async () => {
  let release: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await servers.open(hubName, {
    hosted: {
      submit: async () => {
        await held;
        return octets(5);
      },
    },
  });
  const here = await servers.open(homeName);
  const submit = (ephemeral: boolean) => {
    const message = { ephemeral, message: octets(40), sendingUri: alice };
    const request = submitMessageRequestCodec.encode(message);
    return here.federation.hubs.submit(hub, { user: alice, client }, room, request);
  };
  const most = LIMITS.ephemeralSubmissionsPerPeerMax;
  const passing = Array.from({ length: most }, () => submit(true));
  await expect(submit(true)).rejects.toMatchObject({
    code: "peerUnreachable",
    data: { limitName: "ephemeralSubmissionsPerPeerMax", limit: most },
  });
  const staying = submit(false);
  release();
  expect(await staying).toEqual(octets(5));
  await Promise.all(passing);
  expect(await submit(true)).toEqual(octets(5));
});

const alice = userUri(home, "alice");
const client = mintClientUri(alice, octets);
const room = mintRoomUri(hub, octets);

/** A request as a peer makes it that cares for no bounds of its own. */
async function postTo(from: LinkedServer, body: Bytes): Promise<void> {
  await from.postTo(home, { endpoint: "ephemeral", body, timeoutMs: 5_000, answerBytesMax: 8192 });
}
