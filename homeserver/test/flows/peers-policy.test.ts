import { MEDIA_TYPE_JSON } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askAs, openRawPeer } from "../peers/raw-peer.ts";
import type { RawPeer } from "../peers/raw-peer.ts";
import { openRig } from "../peers/rig.ts";
import { openRigAndPeer } from "../peers/rig-and-peer.ts";
import type { RigAndPeer } from "../peers/rig-and-peer.ts";
import type { Network, Rig } from "../peers/rig.ts";

const minute = 60_000;

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

async function admin(method: string, subject: string, body?: unknown, rig = hub): Promise<number> {
  const answer = await fetch(
    `${rig.url}/v1/admin/federation/peers/${encodeURIComponent(subject)}/rule`,
    {
      method,
      headers: { authorization: "Bearer admin", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
  );
  return answer.status;
}

/** What becomes of a request of the peer, and of one to it. */
async function both(rig = hub): Promise<readonly unknown[]> {
  const inbound = await askAs(peer, rig);
  const outbound = await rig.peers.post(peer.domain, call).then(
    () => undefined,
    (error: { code?: string }) => error.code,
  );
  return [inbound.refusal?.code, outbound];
}

const passes = [undefined, undefined];
const denied = ["peerDenied", "peerDenied"];

test("R-013 FED-917 a denied server is refused from then on, both ways, and taken again at once", async () => {
  expect(await both()).toEqual(passes);
  expect(await admin("PUT", "peer.example", { action: "deny", reason: "spam" })).toBe(204);
  expect(await both()).toEqual(denied);
  expect(() => hub.peers.admit(peer.domain)).toThrow("does not allow");
  expect(await hub.refusals("peerDenied")).toBe(1);
  expect(await admin("DELETE", "peer.example")).toBe(204);
  expect(await both()).toEqual(passes);
  expect(await admin("DELETE", "peer.example")).toBe(404);
});

test("FED-917 the refusal says whose operator it is, and not why", async () => {
  await admin("PUT", "peer.example", { action: "deny", reason: "a private reason" });
  const { refusal, status, body } = await askAs(peer, hub);
  expect(status).toBe(403);
  expect(refusal?.message).toContain("hub.example");
  expect(body.toString()).not.toContain("private");
});

test("FED-917 a rule that comes while a request is under way holds for it", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  peer.respond = (incoming, outgoing) => {
    // The key of the first request is being looked for.
    incoming.resume();
    outgoing.setHeader("content-type", MEDIA_TYPE_JSON);
    void promise.then(() => outgoing.end(JSON.stringify(peer.directory)));
  };
  const asked = askAs(peer, hub);
  while (peer.fetches() === 0) await new Promise((done) => setImmediate(done));
  await admin("PUT", "peer.example", { action: "deny" });
  resolve();
  expect((await asked).refusal?.code).toBe("peerDenied");
  expect(hub.received).toEqual([]);
});

test("FED-917 rules hold over a restart, and end by themselves", async () => {
  const changes: number[] = [];
  await admin("PUT", "peer.example", { action: "deny", expiresAt: hub.now() + minute });
  hub = await hub.restart();
  hub.peers.onPolicyChange(() => changes.push(1));
  expect(await both()).toEqual(denied);
  hub.advance(minute + 1);
  expect(await both()).toEqual(passes);
  await hub.runJobs();
  expect(changes.length).toBeGreaterThan(0);
  expect(await admin("DELETE", "peer.example")).toBe(404);
  expect(await admin("PUT", "peer.example", { action: "deny", expiresAt: hub.now() - 1 })).toBe(
    400,
  );
});

test("FED-917 a rule about all names below one holds for those that have none of their own", async () => {
  await admin("PUT", "*.example", { action: "deny" });
  expect(await both()).toEqual(denied);
  await admin("PUT", "peer.example", { action: "allow" });
  expect(await both()).toEqual(passes);
  await admin("DELETE", "peer.example");
  await admin("DELETE", "*.example");
  await admin("PUT", "*.peer.example", { action: "deny" });
  expect(await both()).toEqual(passes);
});

test("FED-917 in the mode allow only those are spoken with that are allowed; closed speaks with none", async () => {
  await using careful = await openRig("careful.example", network, { mode: "allow" });
  expect(await both(careful)).toEqual(denied);
  await admin("PUT", "peer.example", { action: "allow" }, careful);
  expect(await both(careful)).toEqual(passes);
  await using closed = await openRig("closed.example", network, { mode: "closed" });
  await admin("PUT", "peer.example", { action: "allow" }, closed);
  expect(await both(closed)).toEqual(denied);
  const directory = await fetch(`${closed.url}/.well-known/mimi-protocol-directory`);
  expect(directory.status).toBe(404);
});

test("FED-917 a limited server may do so much a minute each way, and is told when it may again", async () => {
  await admin("PUT", "peer.example", { action: "limit", perMinute: 2 });
  const codes: unknown[] = [];
  for (let count = 0; count < 3; count += 1) codes.push(await both());
  expect(codes).toEqual([passes, passes, ["peerLimited", "peerLimited"]]);
  const limited = await askAs(peer, hub);
  expect([limited.status, limited.refusal?.code]).toEqual([429, "peerLimited"]);
  const { retryAfterMs = 0 } = limited.refusal?.data ?? {};
  expect(retryAfterMs).toBeGreaterThan(0);
  expect(Number(limited.headers["retry-after"])).toBe(Math.ceil(retryAfterMs / 1_000));
  hub.advance(retryAfterMs);
  expect(await both()).toEqual(passes);
  // Other servers are not meant.
  await using other = await openRawPeer("other.example", network);
  expect((await askAs(other, hub)).status).toBe(200);
});

test("FED-915 FED-917 who uses a limited server's name uses up nothing of what it may do", async () => {
  await admin("PUT", "peer.example", { action: "limit", perMinute: 2 });
  const open = () =>
    hub.peers.gate.open({
      method: "POST",
      path: "/federation/v1/notify",
      headers: { from: [`mimi@${peer.domain}`] },
      address: "192.0.2.1",
      certificate: undefined,
    });
  for (let count = 0; count < 2; count += 1) open().close();
  expect(open).toThrow("limits this server");
  expect((await askAs(peer, hub)).status).toBe(200);
});

test("FED-917 a rule that makes no sense is refused", async () => {
  const status = (subject: string, body: unknown) => admin("PUT", subject, body);
  expect(await status("peer.example", { action: "allow", perMinute: 3 })).toBe(400);
  expect(await status("peer.example", { action: "deny", newKey: true })).toBe(400);
  expect(await status("*.example", { action: "allow", newKey: true })).toBe(400);
  expect(await status("peer.example", { action: "hide" })).toBe(400);
  expect(await status("no domain", { action: "deny" })).toBe(400);
  expect(await status("*.*.example", { action: "deny" })).toBe(400);
});

test("FED-947 whoever sends hears of each contact and of each change of the rules", async () => {
  const heard: string[] = [];
  hub.peers.onContact((domain) => heard.push(domain));
  hub.peers.onPolicyChange(() => heard.push("rules"));
  await askAs(peer, hub);
  await askAs(peer, hub, { headers: { signature: undefined } });
  await admin("PUT", "peer.example", { action: "deny" });
  await askAs(peer, hub);
  await admin("DELETE", "peer.example");
  expect(heard).toEqual(["peer.example", "rules", "rules"]);
});
