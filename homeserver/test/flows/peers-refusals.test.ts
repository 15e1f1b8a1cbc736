import { once } from "node:events";
import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { json } from "node:stream/consumers";
import {
  DIRECTORY_PATH,
  formatDigest,
  fromBase64Url,
  LIMITS,
  MEDIA_TYPE_JSON,
  parseDomain,
} from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  askAs,
  directoryOf,
  listedKey,
  openRawPeer,
  rawKey,
  send,
  signedAs,
} from "../peers/raw-peer.ts";
import type { AskOptions, RawPeer } from "../peers/raw-peer.ts";
import { openRigAndPeer } from "../peers/rig-and-peer.ts";
import type { RigAndPeer } from "../peers/rig-and-peer.ts";
import { echoPath } from "../peers/rig.ts";
import type { Network, Rig } from "../peers/rig.ts";

let world: RigAndPeer;
let network: Network;
let hub: Rig;
let peer: RawPeer;

beforeEach(async () => {
  world = await openRigAndPeer();
  ({ network, rig: hub, peer } = world);
});
afterEach(() => world[Symbol.asyncDispose]());

test("R-013 FED-905 a signed request is its server's, and is answered", async () => {
  const answer = await askAs(peer, hub, { body: Uint8Array.of(9) });
  expect([answer.status, [...answer.body]]).toEqual([200, [9]]);
  expect(hub.received).toEqual([
    { from: "peer.example", transactionId: "00112233445566778899aabbccddeeff" },
  ]);
});

const other = parseDomain("other.example");
const rows: readonly [string, AskOptions, number, string][] = [
  ["FED-901 another host", { host: "other.example" }, 421, "misdirected"],
  ["H-02 FED-901 two hosts", { host: "hub.example, hub.example" }, 421, "misdirected"],
  [
    "H-02 a signature for another server",
    { signed: { authority: other } },
    401,
    "signatureInvalid",
  ],
  [
    "H-01 a signature by another server's name",
    { signed: { from: other } },
    401,
    "signatureInvalid",
  ],
  ["H-01 another key of the same id", { key: rawKey("k1") }, 401, "signatureInvalid"],
  ["H-04 another path", { signed: { path: "/federation/v1/submit" } }, 401, "signatureInvalid"],
  ["FED-905 another method", { signed: { method: "PUT" } }, 401, "signatureInvalid"],
  [
    "FED-905 another transaction",
    { signed: { transactionId: "ff112233445566778899aabbccddeeff" } },
    401,
    "signatureInvalid",
  ],
  ["FED-905 another digest", { signed: { digest: new Uint8Array(32) } }, 401, "signatureInvalid"],
  [
    "FED-905 a query that is not signed",
    { path: `${echoPath}?room=x`, signed: { path: echoPath } },
    401,
    "signatureInvalid",
  ],
  [
    "FED-905 an empty query",
    { path: `${echoPath}?`, signed: { path: echoPath } },
    401,
    "signatureInvalid",
  ],
  [
    "H-01 FED-907 the digest of another body",
    { headers: { "content-digest": `sha-256=:${"A".repeat(43)}=:` } },
    401,
    "digestMismatch",
  ],
  ["FED-907 no digest", { headers: { "content-digest": undefined } }, 401, "digestMismatch"],
  [
    "FED-907 two digests",
    { headers: { "content-digest": ["sha-256=:AA==:", "sha-256=:AA==:"] } },
    401,
    "digestMismatch",
  ],
  ["FED-905 no signature", { headers: { signature: undefined } }, 401, "signatureInvalid"],
  ["FED-905 no input", { headers: { "signature-input": undefined } }, 401, "signatureInvalid"],
  [
    "FED-905 fewer components",
    { headers: { "signature-input": 'sig1=("@method");created=1;keyid="k1"' } },
    401,
    "signatureInvalid",
  ],
  ["FED-906 no sender", { headers: { from: undefined } }, 401, "signatureInvalid"],
  [
    "FED-906 a person as sender",
    { headers: { from: "bob@peer.example" } },
    401,
    "signatureInvalid",
  ],
  [
    "FED-906 two senders",
    { headers: { from: ["mimi@a.example", "mimi@b.example"] } },
    401,
    "signatureInvalid",
  ],
  [
    "FED-906 this server as sender",
    { headers: { from: "mimi@hub.example" } },
    401,
    "signatureInvalid",
  ],
  [
    "FED-908 no transaction",
    { headers: { "mimi-transaction-id": undefined } },
    401,
    "signatureInvalid",
  ],
  ["FED-911 a key that is not listed", { key: rawKey("k2") }, 401, "peerUnknown"],
  [
    "FED-911 a server that does not exist",
    { headers: { from: "mimi@no.example" } },
    401,
    "peerUnknown",
  ],
  [
    "FED-920 another media type",
    { headers: { "content-type": MEDIA_TYPE_JSON } },
    415,
    "unsupportedMediaType",
  ],
  [
    "H-09 FED-907 a compressed body",
    { headers: { "content-encoding": "gzip" } },
    415,
    "unsupportedMediaType",
  ],
  [
    "FED-907 a body that is said to be as it is",
    { headers: { "content-encoding": "identity" } },
    415,
    "unsupportedMediaType",
  ],
  [
    "H-08 FED-935 a large body",
    { body: new Uint8Array(LIMITS.groupInfoBytesMax + 1) },
    413,
    "tooLarge",
  ],
];

test.each(rows)(
  "%s is refused, changes nothing and is counted",
  async (_what, ask, status, code) => {
    const answer = await askAs(peer, hub, ask);
    expect([answer.status, answer.refusal?.code]).toEqual([status, code]);
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    const challenge = status === 401 ? "Signature" : undefined;
    expect(answer.headers["www-authenticate"]).toBe(challenge);
    expect(hub.received).toEqual([]);
    expect(await hub.refusals(code)).toBe(1);
  },
);

test.each([
  ["H-03 six minutes ago", -360],
  ["H-03 a day ago", -86_400],
  ["H-20 in a year", 31_536_000],
])(
  "%s: FED-909 a request signed then is refused with the server's time",
  async (_when, seconds) => {
    const created = Math.floor(hub.now() / 1_000) + seconds;
    const answer = await askAs(peer, hub, { created });
    expect([answer.status, answer.refusal?.code]).toEqual([401, "signatureInvalid"]);
    expect(Math.abs((answer.refusal?.data.serverTime ?? 0) - hub.now())).toBeLessThan(60_000);
    expect(answer.headers.date).toBeDefined();
    // The control: what lies within the bounds is taken.
    hub.advance(200_000);
    const allowed = Math.floor(hub.now() / 1_000) + Math.sign(seconds) * 150;
    expect((await askAs(peer, hub, { created: allowed })).status).toBe(200);
  },
);

test("H-03 a request that was received is refused as replayed, for ten minutes and longer", async () => {
  const ask = signedAs(peer.domain, hub.domain, peer.key, { now: hub.now() });
  const again = () => send(hub.url, ask.path, ask.headers, ask.body);
  expect((await again()).status).toBe(200);
  const replay = await again();
  expect([replay.status, replay.refusal?.code]).toEqual([401, "replayed"]);
  hub.advance(290_000);
  expect((await again()).refusal?.code).toBe("replayed");
  hub.advance(310_000);
  expect((await again()).refusal?.code).toBe("signatureInvalid");
  hub.advance(86_400_000);
  expect((await again()).refusal?.code).toBe("signatureInvalid");
  expect(hub.received).toHaveLength(1);
});

test("H-03 FED-910 a nonce that came with another time is still remembered", async () => {
  const nonce = new Uint8Array(16).fill(3);
  expect((await askAs(peer, hub, { nonce })).status).toBe(200);
  hub.advance(LIMITS.nonceKeptMs - 60_000);
  expect((await askAs(peer, hub, { nonce })).refusal?.code).toBe("replayed");
  hub.advance(2 * LIMITS.nonceKeptMs);
  expect((await askAs(peer, hub, { nonce })).status).toBe(200);
});

test("H-03 FED-910 what was signed before a restart is not taken after it", async () => {
  const ask = signedAs(peer.domain, hub.domain, peer.key, { now: hub.now() });
  expect((await send(hub.url, ask.path, ask.headers, ask.body)).status).toBe(200);
  // Signatures tell seconds, and a start takes less than one.
  hub = await hub.restart();
  const answer = await send(hub.url, ask.path, ask.headers, ask.body);
  expect([answer.status, answer.refusal?.code]).toEqual([401, "signatureInvalid"]);
  hub.advance(1_000);
  expect((await askAs(peer, hub)).status).toBe(200);
});

test("FED-910 a clock that was ahead at the start and is set right shuts nobody out", async () => {
  hub.setClock(3_600_000);
  hub = await hub.restart();
  hub.setClock(-3_600_000);
  hub.advance(2_000);
  expect((await askAs(peer, hub)).status).toBe(200);
});

test("H-03 FED-910 nor is what a clock that is ahead signed, however often the server starts", async () => {
  const ahead = (seconds: number) => Math.floor(hub.now() / 1_000) + seconds;
  const signed = signedAs(peer.domain, hub.domain, peer.key, {
    now: hub.now(),
    created: ahead(200),
  });
  const again = async () => {
    const answer = await send(hub.url, signed.path, signed.headers, signed.body);
    return answer.refusal?.code ?? answer.status;
  };
  expect(await again()).toBe(200);
  for (const _ of [1, 2]) {
    hub = await hub.restart();
    expect(await again()).toBe("signatureInvalid");
  }
  // Nobody else waits, and this one not for long.
  await using honest = await openRawPeer("other.example", network);
  expect((await askAs(honest, hub)).status).toBe(200);
  expect((await askAs(peer, hub, { created: ahead(210) })).status).toBe(200);
  hub.advance(210_000);
  expect((await askAs(peer, hub)).status).toBe(200);
});

test("H-03 FED-1116 what begins as the server wants since its start is heard, whatever the clock was", async () => {
  const ask = (start: Uint8Array, last: number, created?: number) =>
    askAs(peer, hub, {
      nonce: Uint8Array.from([...start, ...new Uint8Array(8).fill(last)]),
      ...(created === undefined ? {} : { created }),
    });
  const ahead = Math.floor(hub.now() / 1_000) + 200;
  expect((await ask(new Uint8Array(8), 1, ahead)).status).toBe(200);
  const starts: Uint8Array[] = [];
  for (const life of [1, 2]) {
    hub = await hub.restart();
    // What it wanted before is nothing now, or what was recorded would be heard.
    for (const former of [new Uint8Array(8), ...starts]) {
      const { refusal } = await ask(former, 1);
      expect(refusal?.code).toBe("signatureInvalid");
      expect(Math.abs((refusal?.data.serverTime ?? 0) - hub.now())).toBeLessThan(60_000);
      const start = fromBase64Url(refusal?.data.nonceStart ?? "");
      expect(start).toHaveLength(8);
      if (starts.length < life) starts.push(start);
    }
    const now = starts.at(-1) ?? new Uint8Array();
    expect((await ask(now, 1)).status).toBe(200);
    expect((await ask(now, 1)).refusal?.code).toBe("replayed");
    expect((await ask(now, 2)).status).toBe(200);
    expect((await ask(now, 3, ahead + 600)).refusal?.code).toBe("signatureInvalid");
  }
});

test("FED-911 the directory of another domain proves nothing", async () => {
  Object.assign(peer.directory, directoryOf(other, [listedKey(other, peer.key)]));
  expect((await askAs(peer, hub)).refusal?.code).toBe("peerUnknown");
});

test("FED-918 a server with which there is no version in common is refused", async () => {
  peer.directory.versions = ["mimi-99+1"];
  const answer = await askAs(peer, hub);
  expect([answer.status, answer.refusal?.code]).toEqual([400, "versionUnsupported"]);
  expect(hub.received).toEqual([]);
});

test("FED-915 the first thing that is wrong is what is told", async () => {
  const wrong = { "content-digest": undefined, signature: undefined };
  const octets = new Uint8Array(32);
  const order = [
    { host: "other.example", headers: { ...wrong, from: undefined } },
    { headers: { ...wrong, from: undefined, "content-type": "x/y" } },
    { headers: { ...wrong, "content-type": "x/y" } },
    { headers: wrong },
    { headers: { "content-digest": formatDigest(octets), "mimi-transaction-id": "x" } },
    { headers: { signature: undefined } },
  ];
  const codes: unknown[] = [];
  for (const ask of order) codes.push((await askAs(peer, hub, ask)).refusal?.code);
  expect(codes).toEqual([
    "misdirected",
    "signatureInvalid",
    "unsupportedMediaType",
    "digestMismatch",
    "digestMismatch",
    "signatureInvalid",
  ]);
});

test("FED-901 the directory is shown under any name, and says whose it is", async () => {
  const { port } = new URL(hub.url);
  const [answer]: IncomingMessage[] = await once(
    get({ port, path: DIRECTORY_PATH, headers: { host: "other.example" } }),
    "response",
  );
  expect(answer?.statusCode).toBe(200);
  expect(answer && (await json(answer))).toMatchObject({ domain: "hub.example" });
});

test("FED-902 the directory is as the protocol says; the API document has no route of servers", async () => {
  const directory = await fetch(hub.url + DIRECTORY_PATH);
  expect(directory.headers.get("content-type")).toBe(MEDIA_TYPE_JSON);
  expect(await directory.json()).toMatchObject({
    profile: "mimi-06+1",
    domain: "hub.example",
    keys: [{ kty: "OKP", crv: "Ed25519" }],
    countersigners: [{ kid: "countersigner" }],
    endpoints: { notify: "https://hub.example/federation/v1/notify" },
  });
  const document = await fetch(`${hub.url}/v1/openapi.json`).then((answer) => answer.text());
  expect(document).toContain("/v1/admin/federation/peers");
  expect(document).not.toMatch(/\/federation\/v1\/|well-known/);
});
