import {
  parseDomain,
  identifierResponseCodec,
  LIMITS,
  MEDIA_TYPE_TLS,
  peerDetailSchema,
  peersAnswerSchema,
  probeAnswerSchema,
} from "@treehouse/protocol";
import type { ProbeStep } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { askAs, listedKey, openRawPeer, rawKey } from "../peers/raw-peer.ts";
import type { RawPeer } from "../peers/raw-peer.ts";
import { openRig } from "../peers/rig.ts";
import { openRigAndPeer } from "../peers/rig-and-peer.ts";
import type { RigAndPeer } from "../peers/rig-and-peer.ts";
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

async function ask(method: string, path = "", body?: unknown): Promise<Response> {
  return fetch(`${hub.url}/v1/admin/federation/peers${path}`, {
    method,
    headers: { authorization: "Bearer admin", "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function probed(domain: string): Promise<readonly ProbeStep[]> {
  const answer = await ask("POST", `/${domain}/probe`);
  const { steps, works } = probeAnswerSchema.parse(await answer.json());
  expect(works).toBe(!steps.some(({ result }) => result === "failed"));
  return steps;
}

const last = async (domain: string): Promise<ProbeStep | undefined> =>
  (await probed(domain)).find(({ result }) => result !== "ok" && result !== "skipped");

const problem = (code: string, status: number, more: object = {}): string =>
  JSON.stringify({ type: `urn:treehouse:problem:${code}`, title: code, status, ...more });

/** Answers signed requests like this, and the directory as ever. */
function refusing(code: string, status: number, more?: object): void {
  peer.respond = (incoming, outgoing) => {
    incoming.resume();
    if (incoming.method === "GET") {
      outgoing.setHeader("content-type", "application/json");
      outgoing.end(JSON.stringify(peer.directory));
    } else {
      outgoing.writeHead(status, { "content-type": "application/problem+json" });
      outgoing.end(problem(code, status, more));
    }
  };
}

test("R-013 two servers probe each other, and know each other then", async () => {
  await using other = await openRig("other.example", network);
  const steps = await probed("other.example");
  expect(steps.at(-1)).toMatchObject({ step: "clock", result: "ok" });
  expect(steps.find(({ step }) => step === "key")?.text).toContain("seen for the first time");
  for (const [rig, domain] of [
    [hub, "other.example"],
    [other, "hub.example"],
  ] as const) {
    const answer = await fetch(`${rig.url}/v1/admin/federation/peers`, {
      headers: { authorization: "Bearer admin" },
    });
    const { peers } = peersAnswerSchema.parse(await answer.json());
    expect(peers).toMatchObject([{ domain, state: "known", policy: "allow" }]);
  }
});

test("only administrators ask, and what is asked must make sense", async () => {
  expect((await fetch(`${hub.url}/v1/admin/federation/peers`)).status).toBe(401);
  expect((await ask("GET", "/nobody.example")).status).toBe(404);
  expect((await ask("POST", "/nobody.example/retry")).status).toBe(404);
  expect((await ask("GET", "/no%20domain")).status).toBe(400);
  expect((await ask("POST", "/*.example/probe")).status).toBe(400);
  expect((await ask("GET", "?limit=0")).status).toBe(400);
});

test("the list comes in pages, in the order of the names", async () => {
  for (const name of ["c.example", "a.example", "b.example"]) {
    await using each = await openRawPeer(name, network);
    await askAs(each, hub);
  }
  const page = async (query: string) =>
    peersAnswerSchema.parse(await ask("GET", query).then((answer) => answer.json()));
  const first = await page("?limit=2");
  expect(first.peers.map(({ domain }) => domain)).toEqual(["a.example", "b.example"]);
  expect(first.next).toBe("b.example");
  const second = await page("?limit=2&after=b.example");
  expect([second.peers.map(({ domain }) => domain), second.next]).toEqual([
    ["c.example"],
    undefined,
  ]);
  expect(first.own).toMatchObject({
    domain: "hub.example",
    mode: "open",
    keys: [{ pinned: true }],
  });
});

test("what waits for a server is shown beside it, and tried again on demand", async () => {
  const retried: string[] = [];
  await askAs(peer, hub);
  const typo = parseDomain("typo.example");
  hub.peers.statusFrom({
    partners: async () => new Set(),
    status: () => [
      { domain: peer.domain, backlog: 7, breaker: "open", retryAt: 5 },
      { domain: typo, backlog: 1, breaker: "open" },
    ],
    rejected: async () => [
      { form: "consent", room: undefined, position: 0, code: "malformed", at: 4 },
    ],
    retry: (domain) => void retried.push(domain),
  });
  const shown = peerDetailSchema.parse(await ask("GET", "/peer.example").then((a) => a.json()));
  expect(shown).toMatchObject({
    backlog: 7,
    breaker: "open",
    retryAt: 5,
    rejected: [{ form: "consent", code: "malformed", at: 4 }],
  });
  const { peers } = peersAnswerSchema.parse(await ask("GET", "").then((a) => a.json()));
  expect(peers).toMatchObject([
    { domain: "peer.example", state: "known", backlog: 7 },
    { domain: "typo.example", state: "new", backlog: 1 },
  ]);
  expect((await ask("POST", "/peer.example/retry")).status).toBe(204);
  expect(retried).toEqual(["peer.example"]);
});

test("a probe tells whose operator refuses", async () => {
  refusing("peerDenied", 403, { detail: "The operator of peer.example does not allow this." });
  expect(await last("peer.example")).toMatchObject({
    step: "signature",
    fix: expect.stringContaining("other server's operator"),
  });
  await ask("PUT", "/peer.example/rule", { action: "deny" });
  expect(await last("peer.example")).toMatchObject({
    step: "policy",
    fix: "Allow it with: treehouse fed allow peer.example",
  });
});

test.each([
  ["misdirected", 421, "Host header"],
  ["digestMismatch", 401, "changes bodies"],
  ["signatureInvalid", 401, "headers and path"],
  ["peerUnknown", 401, "fetch this server's directory"],
  ["notFound", 404, "pass /federation/ on"],
])("a probe that is answered %s says what to look at", async (code, status, words) => {
  refusing(code, status);
  expect(await last("peer.example")).toMatchObject({
    step: "signature",
    text: expect.stringContaining(code),
    fix: expect.stringContaining(words),
  });
});

test.each([
  ["notFound", 404],
  ["signatureInvalid", 401],
])("a probe notices a proxy that decodes paths, by the answer %s", async (code, status) => {
  peer.respond = (incoming, outgoing) => {
    incoming.resume();
    const path = incoming.url ?? "";
    if (incoming.method === "GET") {
      outgoing.setHeader("content-type", "application/json");
      outgoing.end(JSON.stringify(peer.directory));
    } else if (path.includes("%2F")) {
      outgoing.writeHead(status, { "content-type": "application/problem+json" });
      outgoing.end(problem(code, status));
    } else {
      outgoing.setHeader("content-type", MEDIA_TYPE_TLS);
      outgoing.end(identifierResponseCodec.encode({ status: "notFound" }));
    }
  };
  expect(await last("peer.example")).toMatchObject({
    step: "signature",
    fix: expect.stringContaining("proxy_pass"),
  });
});

test("H-20 a probe tells how far the clocks are apart", async () => {
  await using other = await openRig("other.example", network);
  other.advance(3_600_000);
  refusing("signatureInvalid", 401, { serverTime: hub.now() + 3_600_000 });
  const steps = await probed("peer.example");
  expect(steps.at(-1)).toMatchObject({ step: "clock", result: "failed" });
  expect(steps.at(-1)?.text).toMatch(/^3[56][0-9]{2} s apart$/);
});

test("FED-918 a probe tells when there is no version in common; so does a request", async () => {
  peer.directory.versions = ["mimi-99+1"];
  expect(await last("peer.example")).toMatchObject({ step: "version", result: "failed" });
  await expect(
    hub.peers.post(peer.domain, {
      endpoint: "notify",
      body: new Uint8Array(0),
      timeoutMs: 1_000,
      answerBytesMax: 10,
    }),
  ).rejects.toMatchObject({ code: "versionUnsupported" });
});

test("FED-912 a probe of a frozen server shows the key to compare", async () => {
  await askAs(peer, hub);
  peer.directory.keys = [listedKey(peer.domain, rawKey("new-key"))];
  hub.advance(2 * LIMITS.directoryRefetchMs);
  expect(await last("peer.example")).toMatchObject({
    step: "key",
    text: expect.stringContaining("new-key"),
    fix: expect.stringContaining("treehouse fed allow peer.example --new-key"),
  });
  expect(await probed("peer.example")).not.toContainEqual(
    expect.objectContaining({ step: "signature" }),
  );
});

test("H-12 a probe goes nowhere that another request would not", async () => {
  await using rig = await openRig("a.example", new Map(), { resolve: async () => ["127.0.0.1"] });
  const answer = await fetch(`${rig.url}/v1/admin/federation/peers/victim.example/probe`, {
    method: "POST",
    headers: { authorization: "Bearer admin" },
  });
  const { steps } = probeAnswerSchema.parse(await answer.json());
  expect(steps.map(({ step, result }) => `${step} ${result}`)).toEqual([
    "policy ok",
    "address failed",
  ]);
});

test("FED-919 a directory may say more than this server knows", async () => {
  const more = {
    ...peer.directory,
    later: { anything: [1] },
    versions: ["mimi-99+1", ...peer.directory.versions],
    capabilities: ["telepathy"],
    keys: [{ kid: "x", kty: "AKP", alg: "ML-DSA-65", pub: "AA" }, ...peer.directory.keys],
    endpoints: { ...peer.directory.endpoints, later: "https://peer.example/x" },
  };
  peer.respond = (incoming, outgoing) => {
    incoming.resume();
    outgoing.setHeader("content-type", "application/json");
    if (incoming.method === "GET") outgoing.end(JSON.stringify(more));
    else outgoing.writeHead(204).end();
  };
  expect((await askAs(peer, hub)).status).toBe(200);
});
