import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { LIMITS, parseDomain, peersAnswerSchema, RATE_LIMITS, Refusal } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askAs, openRawPeer, send, signedAs } from "../peers/raw-peer.ts";
import type { RawPeer } from "../peers/raw-peer.ts";
import { openRig } from "../peers/rig.ts";
import { openRigAndPeer } from "../peers/rig-and-peer.ts";
import type { RigAndPeer } from "../peers/rig-and-peer.ts";
import type { Network, Rig } from "../peers/rig.ts";
import { VirtualClock } from "../streams/virtual-clock.ts";

let world: RigAndPeer;
let network: Network;
let hub: Rig;
let peer: RawPeer;

beforeEach(async () => {
  world = await openRigAndPeer();
  ({ network, rig: hub, peer } = world);
});
afterEach(() => world[Symbol.asyncDispose]());

/** Begins a request and sends only some of its body. */
function begin(to: Rig, from: RawPeer, body: Uint8Array, sent: number): Socket {
  const { headers, path } = signedAs(from.domain, to.domain, from.key, { now: to.now(), body });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const socket = connect(Number(new URL(to.url).port), "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\ncontent-length: ${body.length}\r\n\r\n`,
  );
  socket.write(body.subarray(0, sent));
  return socket;
}

/** What was written is in the server's hands: the loop has turned often enough to read it all. */
async function read(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test("H-07 FED-935 a body of an octet a second is cut off, and nobody else waits for it", async () => {
  const virtual = new VirtualClock();
  await using slow = await openRig("hub.example", network, { virtual });
  await askAs(peer, slow);
  const from = virtual.now();
  const socket = begin(slow, peer, new Uint8Array(1_000).fill(1), 1);
  const answered: unknown[] = [];
  socket.on("data", (octets) => answered.push(octets));
  await using other = await openRawPeer("other.example", network);
  expect((await askAs(other, slow)).status).toBe(200);
  expect((await askAs(peer, slow)).status).toBe(200);
  expect(socket.closed).toBe(false);
  while (!socket.closed) {
    socket.write("x");
    await read();
    virtual.advance(1_000);
  }
  expect(virtual.now() - from).toBeGreaterThanOrEqual(LIMITS.peerBodyGraceMs);
  expect(answered).toEqual([]);
  expect(await slow.refusals("slow")).toBe(1);
});

test("H-07 FED-935 a large body over a thin line takes its time and arrives", async () => {
  const virtual = new VirtualClock();
  await using slow = await openRig("hub.example", network, { virtual });
  await askAs(peer, slow);
  const body = new Uint8Array(100_000).fill(1);
  const socket = begin(slow, peer, body, 90_000);
  const answered = once(socket, "data");
  await read();
  // Later than a single octet would be waited for, and earlier than so many are.
  virtual.advance(LIMITS.peerBodyGraceMs + 1_000);
  socket.write(body.subarray(90_000));
  const [answer] = await answered;
  expect(String(answer)).toMatch(/^HTTP\/1\.1 200 /);
  socket.destroy();
});

test("H-08 chunks without end are refused once they are too many, one octet each", async () => {
  const { headers, path } = signedAs(peer.domain, hub.domain, peer.key, { now: hub.now() });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const socket = connect(Number(new URL(hub.url).port), "127.0.0.1");
  socket.on("error", () => {});
  const answered = once(socket, "data");
  const head = `POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\ntransfer-encoding: chunked\r\n\r\n`;
  socket.write(head + "1\r\nx\r\n".repeat(LIMITS.groupInfoBytesMax + 1));
  const [answer] = await answered;
  expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
  socket.destroy();
});

test("FED-935 eight requests of a server are worked on at once, and other servers go on", async () => {
  await using other = await openRawPeer("other.example", network);
  const { promise, resolve } = Promise.withResolvers<void>();
  hub.hold = promise;
  const asked = Array.from({ length: LIMITS.peerConcurrencyMax }, () => askAs(peer, hub));
  while (hub.received.length < LIMITS.peerConcurrencyMax) {
    await new Promise((done) => setImmediate(done));
  }
  const ninth = await askAs(peer, hub);
  expect([ninth.status, ninth.refusal?.code]).toEqual([429, "rateLimited"]);
  expect(ninth.refusal?.data.limitName).toBe("peerConcurrencyMax");
  const elsewhere = askAs(other, hub);
  while (hub.received.length <= LIMITS.peerConcurrencyMax) {
    await new Promise((done) => setImmediate(done));
  }
  resolve();
  hub.hold = undefined;
  expect((await elsewhere).status).toBe(200);
  for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
  expect((await askAs(peer, hub)).status).toBe(200);
});

test("FED-935 servers behind one address do not count against each other once they are known", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  hub.hold = promise;
  const count = LIMITS.unprovedPerAddressMax / LIMITS.peerConcurrencyMax + 1;
  const asked: ReturnType<typeof askAs>[] = [];
  await using servers = new AsyncDisposableStack();
  for (let number = 0; number < count; number += 1) {
    const each = servers.use(await openRawPeer(`p${number}.example`, network));
    for (let time = 0; time < LIMITS.peerConcurrencyMax; time += 1) asked.push(askAs(each, hub));
    while (hub.received.length < asked.length) {
      await new Promise((done) => setImmediate(done));
    }
  }
  hub.hold = undefined;
  resolve();
  for (const { status } of await Promise.all(asked)) expect(status).toBe(200);
});

test("H-01 who only uses a server's name takes none of what that server may do", async () => {
  // The server asks from one network, whoever uses its name from another.
  await askAs(peer, hub);
  const mallory = signedAs(peer.domain, hub.domain, peer.key, { now: hub.now() });
  for (let count = 0; count < 50; count += 1) {
    const headers = { ...mallory.headers, "content-digest": "none" };
    await send(hub.url, mallory.path, headers, mallory.body);
  }
  const held = Array.from({ length: LIMITS.peerConcurrencyMax }, () =>
    begin(hub, peer, new Uint8Array(1_000), 1),
  );
  let crowded = await askAs(peer, hub);
  while (crowded.status === 200) crowded = await askAs(peer, hub);
  expect(crowded.refusal?.data.limitName).toBe("peerConcurrencyMax");
  const elsewhere = await hub.peers.gate
    .open({
      method: "POST",
      path: "/federation/v1/notify",
      headers: headersOf(),
      address: "192.0.2.1",
      certificate: undefined,
    })
    .authenticate(Uint8Array.of(1, 2, 3));
  expect(elsewhere.domain).toBe("peer.example");
  for (const socket of held) socket.destroy();

  function headersOf(): Record<string, string[]> {
    const { headers } = signedAs(peer.domain, hub.domain, peer.key, { now: hub.now() });
    return Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, [value].flat()]),
    );
  }
});

test("H-01 FED-903 names that nobody proved cost nothing that lasts", async () => {
  await askAs(peer, hub);
  const asked = 3_000;
  const gate = hub.peers.gate;
  setFlagsFromString("--expose_gc");
  const heap = (): number => {
    runInNewContext("gc()");
    return process.memoryUsage().heapUsed;
  };
  const before = heap();
  const codes = new Map<string, number>();
  for (let count = 0; count < asked; count += 1) {
    const from = parseDomain(`a${count}.attacker.example`);
    const { headers, body } = signedAs(from, hub.domain, peer.key, { now: hub.now() });
    const distinct = Object.entries(headers).map(
      ([name, value]) => [name, [value].flat()] as const,
    );
    const address = `198.51.100.${count % 200}`;
    const head = { method: "POST", path: "/federation/v1/notify", certificate: undefined };
    const admission = gate.open({ ...head, headers: Object.fromEntries(distinct), address });
    try {
      await admission.authenticate(new Uint8Array(body));
    } catch (error) {
      const code = error instanceof Refusal ? String(error.code) : "?";
      codes.set(code, (codes.get(code) ?? 0) + 1);
    } finally {
      admission.close();
    }
  }
  // No name was looked up more often than all strangers together may be.
  expect(codes.get("peerUnknown") ?? 0).toBeLessThanOrEqual(
    2 * RATE_LIMITS.discoveryOfStrangers.count,
  );
  expect((codes.get("peerUnknown") ?? 0) + (codes.get("rateLimited") ?? 0)).toBe(asked);
  expect(heap() - before).toBeLessThan(30_000_000);
  const answer = await fetch(`${hub.url}/v1/admin/federation/peers`, {
    headers: { authorization: "Bearer admin" },
  });
  const { peers } = peersAnswerSchema.parse(await answer.json());
  expect(peers.map(({ domain }) => domain)).toEqual(["peer.example"]);
  expect((await askAs(peer, hub)).status).toBe(200);
});

const full = process.env["TREEHOUSE_SCALE"] === "full";

test.runIf(full)(
  "FED-935 a server's requests are counted by its name once it has proved it",
  async () => {
    const { count } = RATE_LIMITS.requestPerPeer;
    await askAs(peer, hub);
    const answers = { taken: 0, limited: 0 };
    const gate = hub.peers.gate;
    for (let sent = 0; sent < 2 * count + 200; sent += 1) {
      const { headers, body } = signedAs(peer.domain, hub.domain, peer.key, { now: hub.now() });
      const distinct = Object.entries(headers).map(
        ([name, value]) => [name, [value].flat()] as const,
      );
      const head = { method: "POST", path: "/federation/v1/notify", certificate: undefined };
      // From many networks: a count by name and network would let all of them pass.
      const address = `2001:db8:${(sent % 5_000).toString(16)}::/64`;
      const admission = gate.open({ ...head, headers: Object.fromEntries(distinct), address });
      try {
        await admission.authenticate(new Uint8Array(body));
        answers.taken += 1;
      } catch {
        answers.limited += 1;
      } finally {
        admission.close();
      }
      if (answers.limited > 0) break;
    }
    expect(answers.limited).toBe(1);
    expect(answers.taken).toBeGreaterThanOrEqual(count);
  },
);
