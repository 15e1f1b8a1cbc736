import { directorySchema, DIRECTORY_PATH, LIMITS, peerDetailSchema } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askAs, listedKey, rawKey } from "../peers/raw-peer.ts";
import type { RawKey, RawPeer } from "../peers/raw-peer.ts";
import { openRig } from "../peers/rig.ts";
import { openRigAndPeer } from "../peers/rig-and-peer.ts";
import type { RigAndPeer } from "../peers/rig-and-peer.ts";
import type { Network, Rig } from "../peers/rig.ts";

const hour = 3_600_000;
const day = 24 * hour;

let world: RigAndPeer;
let network: Network;
let hub: Rig;
let peer: RawPeer;

beforeEach(async () => {
  world = await openRigAndPeer();
  ({ network, rig: hub, peer } = world);
});
afterEach(() => world[Symbol.asyncDispose]());

const call = {
  endpoint: "notify",
  body: Uint8Array.of(1),
  timeoutMs: 5_000,
  answerBytesMax: 1_000,
} as const;

async function codeOf(key?: RawKey): Promise<string | undefined> {
  const answer = await askAs(peer, hub, key === undefined ? {} : { key });
  return answer.refusal?.code;
}

async function adminAsk(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${hub.url}/v1/admin/federation/peers/${path}`, {
    method,
    headers: { authorization: "Bearer admin", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

test("FED-911 the keys of the first contact are pinned, also over a restart", async () => {
  expect(await codeOf()).toBeUndefined();
  hub = await hub.restart();
  hub.advance(1_000);
  // The directory is gone: the key that was pinned is enough.
  peer.respond = (_incoming, outgoing) => void outgoing.writeHead(500).end();
  expect(await codeOf()).toBeUndefined();
});

test("FED-911 a key that a pinned one certified is believed, and so is one after it", async () => {
  expect(await codeOf()).toBeUndefined();
  const second = rawKey("k2");
  const third = rawKey("k3");
  peer.directory.keys = [
    listedKey(peer.domain, second, { by: peer.key }),
    listedKey(peer.domain, third, { by: second }),
  ];
  hub.advance(2 * LIMITS.directoryRefetchMs);
  expect(await codeOf(third)).toBeUndefined();
  expect(await codeOf(second)).toBeUndefined();
});

test("FED-913 a key that is listed no more is over, however often it comes back", async () => {
  expect(await codeOf()).toBeUndefined();
  const second = rawKey("k2");
  peer.directory.keys = [listedKey(peer.domain, second, { by: peer.key })];
  hub.advance(2 * LIMITS.directoryRefetchMs);
  expect(await codeOf(second)).toBeUndefined();
  // At once: it may have been taken off the list because somebody stole it.
  expect(await codeOf()).toBe("peerUnknown");
  peer.directory.keys = [listedKey(peer.domain, peer.key), listedKey(peer.domain, second)];
  hub.advance(2 * LIMITS.directoryRefetchMs);
  expect(await codeOf()).toBe("peerUnknown");
  expect(await codeOf(second)).toBeUndefined();
});

test("FED-913 a key is not taken before its time, nor after it", async () => {
  const later = rawKey("later");
  const ending = rawKey("ending");
  peer.directory.keys = [
    listedKey(peer.domain, later, { notBefore: hub.now() + hour }),
    listedKey(peer.domain, ending, { exp: hub.now() + hour }),
  ];
  expect([await codeOf(later), await codeOf(ending)]).toEqual(["peerUnknown", undefined]);
  // Nobody's clock is right.
  hub.advance(hour + LIMITS.federationSkewMs - 1_000);
  expect([await codeOf(later), await codeOf(ending)]).toEqual([undefined, undefined]);
  hub.advance(2 * hour);
  expect([await codeOf(later), await codeOf(ending)]).toEqual([undefined, "peerUnknown"]);
});

test.each([
  ["that nothing vouches for", () => [listedKey(peer.domain, rawKey("k2"))]],
  [
    "that an unknown key certified",
    () => [listedKey(peer.domain, rawKey("k2"), { by: rawKey("k1") })],
  ],
  ["of the old id", () => [listedKey(peer.domain, rawKey("k1"), { by: peer.key })]],
  [
    "beside the old one",
    () => [listedKey(peer.domain, peer.key), listedKey(peer.domain, rawKey("k2"))],
  ],
])(
  "FED-912 a new key %s freezes its server both ways, until the operator has spoken",
  async (_what, keys) => {
    expect(await codeOf()).toBeUndefined();
    peer.directory.keys = keys();
    hub.advance(2 * LIMITS.directoryRefetchMs);
    // Whoever has the new key brings it up; the old one is refused from then on as well.
    expect(await codeOf(rawKey("k2"))).toBe("peerKeyChanged");
    expect(await codeOf()).toBe("peerKeyChanged");
    expect(() => hub.peers.admit(peer.domain)).toThrow("key has changed");
    await expect(hub.peers.post(peer.domain, call)).rejects.toMatchObject({
      code: "peerKeyChanged",
    });
    hub = await hub.restart();
    expect(await codeOf()).toBe("peerKeyChanged");
    // An allowance alone does not say that the key was compared.
    await adminAsk("PUT", "peer.example/rule", { action: "allow" });
    expect(await codeOf()).toBe("peerKeyChanged");
    await expect(
      adminAsk("GET", "peer.example").then((answer) => answer.json()),
    ).resolves.toMatchObject({
      state: "frozen",
      keys: expect.arrayContaining([expect.objectContaining({ pinned: false })]),
    });
    await adminAsk("PUT", "peer.example/rule", { action: "allow", newKey: true });
    await expect(hub.peers.post(peer.domain, call)).resolves.toEqual(Uint8Array.of(1));
  },
);

test("FED-911 of fresh keys without end so many are remembered, and the ones that sign among them", async () => {
  expect(await codeOf()).toBeUndefined();
  let fresh: readonly RawKey[] = [];
  for (let round = 0; round < 8; round += 1) {
    fresh = Array.from({ length: LIMITS.directoryKeysMax - 1 }, (_, at) =>
      rawKey(`r${round}-${at}`),
    );
    peer.directory.keys = [
      listedKey(peer.domain, peer.key),
      ...fresh.map((key) => listedKey(peer.domain, key, { by: peer.key })),
    ];
    hub.advance(2 * LIMITS.directoryRefetchMs);
    expect(await codeOf(fresh[0])).toBeUndefined();
  }
  const answer = await adminAsk("GET", "peer.example");
  const { keys } = peerDetailSchema.parse(await answer.json());
  expect(keys).toHaveLength(LIMITS.peerKeysMax);
  const kids = keys.map(({ kid }) => kid);
  // What ended last is remembered longest.
  expect(kids).toEqual(expect.arrayContaining(["k1", "r7-0", "r6-0", "r5-0"]));
  expect(kids).not.toContain("r0-0");
  hub = await hub.restart();
  hub.advance(1_000);
  for (const key of [peer.key, ...fresh]) expect(await codeOf(key)).toBeUndefined();
});

test("FED-912 the key that the operator confirmed is the one that is believed", async () => {
  expect(await codeOf()).toBeUndefined();
  const second = rawKey("k2");
  peer.directory.keys = [listedKey(peer.domain, second)];
  hub.advance(2 * LIMITS.directoryRefetchMs);
  expect(await codeOf(second)).toBe("peerKeyChanged");
  await adminAsk("PUT", "peer.example/rule", { action: "allow", newKey: true });
  expect(await codeOf(second)).toBeUndefined();
  expect(await codeOf()).toBe("peerUnknown");
});

test("FED-903 unknown keys make a directory fetched once a minute, and an hour's use once", async () => {
  expect(await codeOf()).toBeUndefined();
  expect(peer.fetches()).toBe(1);
  for (let count = 0; count < 20; count += 1) {
    expect(await codeOf(rawKey("none"))).toBe("peerUnknown");
  }
  expect(peer.fetches()).toBe(1);
  hub.advance(LIMITS.directoryRefetchMs + 1_000);
  for (let count = 0; count < 20; count += 1) await codeOf(rawKey("none"));
  expect(peer.fetches()).toBe(2);
  for (let count = 0; count < 5; count += 1) await hub.peers.post(peer.domain, call);
  expect(peer.fetches()).toBe(2);
  hub.advance(LIMITS.directoryKeptMs + 1_000);
  await hub.peers.post(peer.domain, call);
  expect(peer.fetches()).toBe(3);
});

test("FED-947 a server that was away is known soon after it is back, both ways", async () => {
  peer.respond = (_incoming, outgoing) => void outgoing.destroy();
  expect(await codeOf()).toBe("peerUnknown");
  await expect(hub.peers.post(peer.domain, call)).rejects.toMatchObject({ name: "ContactFault" });
  expect(peer.fetches()).toBe(1);
  peer.respond = undefined;
  hub.advance(5_000);
  expect(await codeOf()).toBeUndefined();
  await using other = await openRig("other.example", network);
  peer.respond = (_incoming, outgoing) => void outgoing.destroy();
  await expect(other.peers.post(peer.domain, call)).rejects.toMatchObject({ name: "ContactFault" });
  peer.respond = undefined;
  other.advance(1_000);
  await expect(other.peers.post(peer.domain, call)).resolves.toEqual(Uint8Array.of(1));
});

test("FED-913 R-013 a server's key changes by itself, and no request of it is refused", async () => {
  await using other = await openRig("other.example", network);
  const ask = (): Promise<Uint8Array> => other.peers.post(hub.domain, call);
  const kids = async (): Promise<readonly string[]> => {
    const answer = await fetch(other.url + DIRECTORY_PATH);
    const { keys } = directorySchema.parse(await answer.json());
    return keys.map(({ kid }) => kid);
  };
  const both = async (ms: number): Promise<void> => {
    for (const rig of [hub, other]) {
      rig.advance(ms);
      await rig.runJobs();
    }
  };
  await ask();
  const [first] = await kids();
  await both(91 * day);
  // Published, and not used for a day.
  expect(await kids()).toHaveLength(2);
  await ask();
  await both(day - hour);
  await ask();
  await both(2 * hour);
  await ask();
  const [, second] = await kids();
  expect(second).not.toBe(first);
  expect([...other.files.keys()].filter((name) => name.startsWith("federation-key"))).toHaveLength(
    2,
  );
  await both(8 * day);
  await ask();
  // The old private key is gone; the public one stays listed, with its end.
  expect([...other.files.keys()]).toEqual(["federation-key-2", "federation-retired-1"].toSorted());
  expect(await kids()).toEqual([first, second]);
  expect(await hub.refusals("peerUnknown")).toBe(0);
});

test("FED-911 who heard nothing of a server while its key changed twice still believes it", async () => {
  await using other = await openRig("other.example", network);
  await other.peers.post(hub.domain, call);
  for (let count = 0; count < 24; count += 1) {
    other.advance(10 * day);
    await other.runJobs();
  }
  hub.advance(240 * day);
  expect(
    [...other.files.keys()].filter((name) => name.startsWith("federation-retired")),
  ).toHaveLength(2);
  await expect(other.peers.post(hub.domain, call)).resolves.toEqual(call.body);
});

test("FED-913 keys and their order survive a restart", async () => {
  let other = await openRig("other.example", network);
  other.advance(91 * day);
  await other.runJobs();
  const directory = async () =>
    directorySchema.parse(await fetch(other.url + DIRECTORY_PATH).then((answer) => answer.json()));
  const before = await directory();
  other = await other.restart();
  const after = await directory();
  expect(after.keys).toHaveLength(2);
  expect(after.keys).toEqual(before.keys);
  await other[Symbol.asyncDispose]();
});
