import { LIMITS, MEDIA_TYPE_JSON, MEDIA_TYPE_TLS } from "@treehouse/protocol";
import type { EndpointName } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RawPeer } from "../peers/raw-peer.ts";
import { openRigAndPeer } from "../peers/rig-and-peer.ts";
import type { RigAndPeer } from "../peers/rig-and-peer.ts";
import { openRig } from "../peers/rig.ts";
import type { Rig } from "../peers/rig.ts";

let world: RigAndPeer;
let own: Rig;
let peer: RawPeer;

beforeEach(async () => {
  world = await openRigAndPeer("own.example");
  ({ rig: own, peer } = world);
});
afterEach(() => world[Symbol.asyncDispose]());

const call = {
  endpoint: "notify",
  body: Uint8Array.of(1),
  timeoutMs: 2_000,
  answerBytesMax: 1_000,
} as const;

test("FED-1116 a server whose clock was ahead is heard by one that restarts after it was set right", async () => {
  let other = await openRig("other.example", world.network);
  const ask = () => own.peers.post(other.domain, call);
  own.setClock(LIMITS.federationSkewMs - 60_000);
  await ask();
  own.setClock(60_000 - LIMITS.federationSkewMs);
  for (const _ of [1, 2]) {
    other = await other.restart();
    await ask();
    const refused = await other.refusals("signatureInvalid");
    expect(refused).toBe(1);
    await ask();
    expect(await other.refusals("signatureInvalid")).toBe(refused);
    expect(other.received).toHaveLength(2);
  }
  await other[Symbol.asyncDispose]();
});

test("FED-919 a server is not asked for what it does not say it can, nor sent more than it takes", async () => {
  const { capabilities, limits } = peer.directory;
  const older = (without: string) => ({
    ...peer.directory,
    capabilities: capabilities.filter((each) => each !== without),
    limits: { ...limits, maxBody: 100, maxNotifyBody: 200 },
  });
  let listed = older("submissions");
  peer.respond = (incoming, outgoing) => {
    incoming.resume();
    outgoing.setHeader(
      "content-type",
      incoming.method === "GET" ? MEDIA_TYPE_JSON : MEDIA_TYPE_TLS,
    );
    outgoing.end(incoming.method === "GET" ? JSON.stringify(listed) : "");
  };
  const asked = async (endpoint: EndpointName, length: number) => {
    const question = { ...call, endpoint, body: new Uint8Array(length) };
    const variables = { roomId: "mimi://peer.example/r/x" };
    await own.peers.post(peer.domain, { ...question, variables });
  };
  const waits = { code: "peerUnreachable", data: { retryAfterMs: LIMITS.retryMostMs } };
  await expect(asked("submitMessage", 1)).rejects.toMatchObject(waits);
  await asked("notify", 200);
  await asked("update", 100);
  const large = (limit: number) => ({ code: "tooLarge", data: { limit } });
  await expect(asked("notify", 201)).rejects.toMatchObject(large(200));
  await expect(asked("update", 101)).rejects.toMatchObject(large(100));
  for (const [endpoint, capability] of [
    ["notify", "batches"],
    ["events", "events"],
    ["standing", "standing"],
  ] as const) {
    listed = older(capability);
    own.advance(LIMITS.directoryKeptMs + 1);
    await expect(asked(endpoint, 1)).rejects.toMatchObject(waits);
  }
  // What every server can is asked of every one.
  await asked("leave", 1);
});

test("FED-903 FED-919 what a server has learned is noticed at once, though its directory is young", async () => {
  const { capabilities, versions } = peer.directory;
  peer.directory.capabilities = [];
  const ask = () => own.peers.post(peer.domain, call);
  await expect(ask()).rejects.toMatchObject({ code: "peerUnreachable" });
  peer.directory.capabilities = capabilities;
  // Not for each of the requests that fail so.
  await expect(ask()).rejects.toMatchObject({ code: "peerUnreachable" });
  expect(peer.fetches()).toBe(1);
  own.advance(LIMITS.directoryLackingMs);
  await ask();
  expect(peer.fetches()).toBe(2);

  peer.directory.versions = ["mimi-99+1"];
  own.advance(LIMITS.directoryKeptMs + 1);
  await expect(ask()).rejects.toMatchObject({ code: "versionUnsupported" });
  peer.directory.versions = versions;
  own.advance(LIMITS.directoryLackingMs);
  await ask();
});

test("FED-903 a server whose newer directory does not help is looked at ever less, up to a minute", async () => {
  const { versions } = peer.directory;
  peer.directory.versions = ["mimi-99+1"];
  const ask = () => own.peers.post(peer.domain, call);
  const fetched = async (seconds: number) => {
    const before = peer.fetches();
    for (let second = 0; second < seconds; second += 1) {
      own.advance(1_000);
      // Requests that meet count as one look.
      await Promise.allSettled([ask(), ask(), ask()]);
    }
    return peer.fetches() - before;
  };
  await expect(ask()).rejects.toMatchObject({ code: "versionUnsupported" });
  expect(await fetched(80)).toBe(5);
  expect(await fetched(600)).toBe(10);
  peer.directory.versions = versions;
  own.advance(LIMITS.directoryRefetchMs);
  await ask();
  // What helped is looked for soon again.
  peer.directory.versions = ["mimi-99+1"];
  own.advance(LIMITS.directoryKeptMs + 1);
  await expect(ask()).rejects.toMatchObject({ code: "versionUnsupported" });
  expect(await fetched(5)).toBe(1);
});

test("FED-903 a directory that lacks something is used on while no newer one can be had", async () => {
  const ask = (endpoint: EndpointName = "notify") =>
    own.peers.post(peer.domain, {
      ...call,
      endpoint,
      variables: { roomId: "mimi://peer.example/r/x" },
    });
  const { capabilities } = peer.directory;
  peer.directory.capabilities = capabilities.filter((each) => each !== "batches");
  await ask("leave");
  own.advance(LIMITS.directoryLackingMs);
  peer.respond = (incoming, outgoing) => {
    incoming.resume();
    outgoing.setHeader("content-type", MEDIA_TYPE_TLS);
    outgoing.writeHead(incoming.method === "GET" ? 500 : 200).end();
  };
  await expect(ask()).rejects.toMatchObject({ code: "peerUnreachable" });
  await ask("leave");
});

test("FED-934 a request has its time as a whole, the directory included", async () => {
  peer.respond = (incoming, outgoing) => {
    incoming.resume();
    outgoing.setHeader("content-type", MEDIA_TYPE_JSON);
    own.advance(call.timeoutMs);
    outgoing.end(JSON.stringify(peer.directory));
  };
  await expect(own.peers.post(peer.domain, call)).rejects.toMatchObject({ reason: "timeout" });
  expect(peer.requests.map(({ method }) => method)).toEqual(["GET"]);
});

test("an answer that has come counts, although its server cannot be kept", async () => {
  await own.database.transaction((tx) => {
    own.database.sql(tx).$client.exec(
      `CREATE TRIGGER no_room BEFORE INSERT ON peers_known
       BEGIN SELECT RAISE(ABORT, 'there is no room'); END`,
    );
  });
  await expect(own.peers.post(peer.domain, call)).resolves.toEqual(call.body);
  expect(own.logLines.join()).toContain("peerNotKept");
});
