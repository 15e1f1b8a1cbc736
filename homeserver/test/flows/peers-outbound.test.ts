import { once } from "node:events";
import { createServer as createTcpServer } from "node:net";
import type { Socket } from "node:net";
import type { IncomingMessage, ServerResponse } from "node:http";
import { gzipSync } from "node:zlib";
import { LIMITS, MEDIA_TYPE_JSON, MEDIA_TYPE_TLS, parseDomain } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { RawPeer } from "../peers/raw-peer.ts";
import { openRig } from "../peers/rig.ts";
import { openRigAndPeer } from "../peers/rig-and-peer.ts";
import type { RigAndPeer } from "../peers/rig-and-peer.ts";
import type { Network, Rig } from "../peers/rig.ts";

let world: RigAndPeer;
let network: Network;
let own: Rig;
let peer: RawPeer;

beforeEach(async () => {
  world = await openRigAndPeer("own.example");
  ({ network, rig: own, peer } = world);
});
afterEach(() => world[Symbol.asyncDispose]());

const call = {
  endpoint: "notify",
  body: Uint8Array.of(1),
  timeoutMs: 2_000,
  answerBytesMax: 1_000,
} as const;
const ask = (): Promise<Uint8Array> => own.peers.post(peer.domain, call);

/** Answers the directory as ever, and everything else like this. */
function answering(respond: (outgoing: ServerResponse, incoming: IncomingMessage) => void): void {
  peer.respond = (incoming, outgoing) => {
    if (incoming.method === "GET") {
      outgoing.setHeader("content-type", MEDIA_TYPE_JSON);
      outgoing.end(JSON.stringify(peer.directory));
    } else {
      incoming.resume();
      respond(outgoing, incoming);
    }
  };
}

test("R-013 FED-905 a request arrives with the name of the server it is for, signed, uncompressed", async () => {
  await expect(ask()).resolves.toEqual(Uint8Array.of(1));
  const request = peer.requests.at(-1);
  expect(request?.headers).toMatchObject({
    host: "peer.example",
    from: "mimi@own.example",
    "content-type": MEDIA_TYPE_TLS,
  });
  expect(request?.headers["accept-encoding"]).toBeUndefined();
  expect(request?.headers["signature-input"]).toContain('tag="mimi-fed"');
});

test("FED-936 a transaction that is sent again keeps its id and gets another nonce", async () => {
  const transactionId = "0123456789abcdef0123456789abcdef";
  for (let count = 0; count < 2; count += 1) {
    await own.peers.post(peer.domain, { ...call, transactionId });
  }
  const [, first, second] = peer.requests;
  expect(first?.headers["mimi-transaction-id"]).toBe(transactionId);
  expect(second?.headers["mimi-transaction-id"]).toBe(transactionId);
  expect(first?.headers["signature-input"]).not.toBe(second?.headers["signature-input"]);
});

test("connections are kept, and there are eight at most", async () => {
  const sockets = new Set<Socket>();
  let atOnce = 0;
  let most = 0;
  answering((outgoing, incoming) => {
    sockets.add(incoming.socket);
    most = Math.max(most, (atOnce += 1));
    setImmediate(() => {
      atOnce -= 1;
      outgoing.setHeader("content-type", MEDIA_TYPE_TLS);
      outgoing.end();
    });
  });
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(Array.from({ length: 20 }, () => ask()));
  }
  expect(sockets.size).toBeLessThanOrEqual(LIMITS.peerConcurrencyMax);
  expect(most).toBeLessThanOrEqual(LIMITS.peerConcurrencyMax);
});

const redirects = [
  "http://127.0.0.1/",
  "http://169.254.169.254/latest/meta-data/",
  "http://[::ffff:7f00:1]/",
  "http://[64:ff9b::7f00:1]/",
  "http://[2002:7f00:1::]/",
  "https://other.example/",
  "/elsewhere",
];

test.each(redirects)("H-12 FED-916 a redirect to %s is not followed", async (location) => {
  let asked = 0;
  answering((outgoing) => {
    asked += 1;
    outgoing.writeHead(307, { location }).end();
  });
  await expect(ask()).rejects.toMatchObject({ name: "ContactFault", stage: "answer" });
  expect(asked).toBe(1);
  // The directory's neither.
  own.advance(2 * LIMITS.directoryKeptMs);
  await using fresh = await openRig("fresh.example", network);
  peer.respond = (_incoming, outgoing) => void outgoing.writeHead(302, { location }).end();
  await expect(fresh.peers.post(peer.domain, call)).rejects.toMatchObject({ stage: "directory" });
  expect(peer.fetches()).toBe(2);
});

test("H-14 a directory that redirects to itself is asked for once", async () => {
  peer.respond = (incoming, outgoing) =>
    void outgoing.writeHead(301, { location: incoming.url ?? "/" }).end();
  for (let count = 0; count < 5; count += 1) {
    await expect(ask()).rejects.toMatchObject({ stage: "directory" });
  }
  expect(peer.fetches()).toBe(1);
});

const json = (outgoing: ServerResponse) => outgoing.setHeader("content-type", MEDIA_TYPE_JSON);
const directories: readonly [string, (outgoing: ServerResponse) => void][] = [
  [
    "H-14 huge and says so",
    (out) => json(out).end(JSON.stringify(peer.directory) + " ".repeat(70_000)),
  ],
  [
    "H-14 huge and does not say so",
    (out) => {
      json(out).flushHeaders();
      for (let count = 0; count < 70; count += 1) out.write(" ".repeat(1_024));
      out.end(JSON.stringify(peer.directory));
    },
  ],
  ["H-11 deep", (out) => json(out).end("[".repeat(60_000))],
  [
    "H-11 deep and whole",
    (out) => json(out).end(`{"x":${"[".repeat(30_000)}${"]".repeat(30_000)}}`),
  ],
  ["no JSON", (out) => json(out).end("<html>")],
  ["of another media type", (out) => out.end(JSON.stringify(peer.directory))],
  [
    "H-09 compressed",
    (out) =>
      json(out)
        .setHeader("content-encoding", "gzip")
        .end(gzipSync("x".repeat(10_000_000))),
  ],
  ["not there", (out) => void out.writeHead(404).end()],
  [
    "another server's",
    (out) => json(out).end(JSON.stringify({ ...peer.directory, domain: "other.example" })),
  ],
  ["without keys", (out) => json(out).end(JSON.stringify({ ...peer.directory, keys: undefined }))],
];

test.each(directories)("FED-902 a directory that is %s is none", async (_what, respond) => {
  peer.respond = (_incoming, outgoing) => respond(outgoing);
  await expect(ask()).rejects.toMatchObject({ name: "ContactFault" });
});

test.each([
  ["on another host", "https://other.example/federation/v1/notify"],
  ["on a host below", "https://x.peer.example/federation/v1/notify"],
  ["without TLS", "http://peer.example/federation/v1/notify"],
  ["at another port", "https://peer.example:22/federation/v1/notify"],
  ["with a password", "https://a:b@peer.example/federation/v1/notify"],
  ["with a query", "https://peer.example/federation/v1/notify?x=1"],
  ["that is none", "peer.example/notify"],
])("FED-904 a directory with an endpoint %s is none", async (_what, url) => {
  peer.directory.endpoints.notify = url;
  await expect(ask()).rejects.toMatchObject({ stage: "directory" });
});

test("FED-904 an endpoint may be at port 8448, and anywhere on its host", async () => {
  peer.directory.endpoints.notify = "https://peer.example:8448/elsewhere/n%20ot";
  await ask();
  expect(peer.requests.at(-1)?.url).toBe("/elsewhere/n%20ot");
  expect(peer.requests.at(-1)?.headers.host).toBe("peer.example");
});

const answers: readonly [string, (outgoing: ServerResponse) => void, Record<string, string>][] = [
  [
    "H-08 larger than it says",
    (out) => {
      out.writeHead(200, { "content-type": MEDIA_TYPE_TLS });
      for (let count = 0; count < 2_000; count += 1) out.write("x");
      out.end();
    },
    { reason: "tooLarge" },
  ],
  [
    "H-08 endless",
    (out) => {
      out.writeHead(200, { "content-type": MEDIA_TYPE_TLS });
      const more = (): void =>
        void (out.destroyed || (out.write("x".repeat(100)), setImmediate(more)));
      more();
    },
    { reason: "tooLarge" },
  ],
  [
    "H-07 never done",
    (out) => {
      out.writeHead(200, { "content-type": MEDIA_TYPE_TLS });
      out.write("x");
    },
    { reason: "timeout" },
  ],
  ["H-07 never begun", () => {}, { reason: "timeout" }],
  [
    "cut off",
    (out) => void out.writeHead(200, { "content-length": "9" }).destroy(),
    { reason: "broken" },
  ],
  [
    "H-09 compressed",
    (out) => {
      const headers = { "content-type": MEDIA_TYPE_TLS, "content-encoding": "gzip" };
      out.writeHead(200, headers).end(gzipSync(new Uint8Array(10_000_000)));
    },
    { reason: "broken" },
  ],
  [
    "a page",
    (out) => void out.writeHead(200, { "content-type": "text/html" }).end("x"),
    { reason: "broken" },
  ],
  ["a proxy's", (out) => void out.writeHead(502).end("<html>"), { reason: "broken" }],
  ["a web server's", (out) => void out.writeHead(404).end("<html>"), { reason: "broken" }],
];

test.each(answers)("FED-916 an answer that is %s is no answer", async (_what, respond, fault) => {
  answering((outgoing) => respond(outgoing));
  const wanted = own.peers.post(peer.domain, { ...call, timeoutMs: 500 });
  await expect(wanted).rejects.toMatchObject({ name: "ContactFault", ...fault });
  // The line to the server is as good as before.
  answering((outgoing) => void outgoing.writeHead(204).end());
  await expect(ask()).resolves.toEqual(new Uint8Array(0));
});

test("FED-934 what a server answers never speaks about sessions of ours", async () => {
  const problem = (code: string): string =>
    JSON.stringify({ type: `urn:treehouse:problem:${code}`, title: "x", status: 401 });
  const codes = ["sessionEnded", "notAuthenticated", "notHub", "peerDenied"];
  const received: unknown[] = [];
  for (const code of codes) {
    answering((outgoing) => {
      outgoing.writeHead(401, { "content-type": "application/problem+json" }).end(problem(code));
    });
    received.push(await ask().catch((error: { code?: string }) => error.code));
  }
  expect(received).toEqual(["internal", "internal", "notHub", "peerDenied"]);
});

test("FED-946 a proxy that takes less than the server is heard as too large", async () => {
  answering((outgoing) => void outgoing.writeHead(413).end("<html>"));
  await expect(ask()).rejects.toMatchObject({ code: "tooLarge" });
});

test("H-20 FED-909 a server whose clock is a year ahead is asked by its own clock", async () => {
  await using other = await openRig("other.example", network);
  other.advance(31_536_000_000);
  await expect(own.peers.post(other.domain, call)).resolves.toEqual(call.body);
  expect(await other.refusals("signatureInvalid")).toBe(1);
  await expect(own.peers.post(other.domain, call)).resolves.toEqual(call.body);
  expect(await other.refusals("signatureInvalid")).toBe(1);
});

test("H-19 a server that does not answer keeps no other one waiting", async () => {
  await using healthy = await openRig("healthy.example", network);
  answering(() => {});
  const stuck = Array.from({ length: 100 }, () => ask().catch((error: unknown) => error));
  for (let count = 0; count < 20; count += 1) {
    await expect(own.peers.post(healthy.domain, call)).resolves.toEqual(call.body);
  }
  expect(await Promise.all(stuck)).toHaveLength(100);
});

test("H-12 FED-916 a name that leads to this machine is asked nothing", async () => {
  const reached: Socket[] = [];
  const trap = createTcpServer((socket) => void reached.push(socket)).listen(0, "127.0.0.1");
  await once(trap, "listening");
  for (const address of [
    "127.0.0.1",
    "::1",
    "::ffff:127.0.0.1",
    "169.254.169.254",
    "64:ff9b::7f00:1",
  ]) {
    await using rig = await openRig("a.example", new Map(), { resolve: async () => [address] });
    await expect(rig.peers.post(parseDomain("victim.example"), call)).rejects.toMatchObject({
      stage: "address",
    });
  }
  expect(reached).toEqual([]);
  trap.close();
});
