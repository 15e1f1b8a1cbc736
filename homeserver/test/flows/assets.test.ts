import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ASSET_HEADERS,
  assetAnswerSchema,
  assetUploadAnswerSchema,
  assetUploadStateSchema,
  MEDIA_TYPE_OCTETS,
  mintRoomUri,
  parseDomain,
  paths,
} from "@treehouse/protocol";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createHomeserver, createNodeEnv, loadConfig } from "../../src/index.ts";
import type { Homeserver } from "../../src/index.ts";
import { createPerson } from "../people/person.ts";

const KIB = 1024;
const problem = (code: string): string => `urn:treehouse:problem:${code}`;
const directory = mkdtempSync(join(tmpdir(), "treehouse-assets-"));
const logLines: string[] = [];
const clock = { aheadMs: 0 };
let server: Homeserver;
let alice: string;
let bob: string;

/** One MiB for each user, so that a quota is soon used up. */
async function start(freeMib = 0): Promise<Homeserver> {
  const base = createNodeEnv({ log: { level: "debug", write: (line) => logLines.push(line) } });
  return createHomeserver({
    config: loadConfig({
      overrides: {
        server: { port: 0, domain: "example.org" },
        storage: { directory: join(directory, "data"), reserve_mib: 1 },
        metrics: { enabled: false },
        assets: { quota_mib: 1, largest_mib: 2, free_mib: freeMib, kept_days: 10 },
      },
    }),
    env: { ...base, now: () => base.now() + clock.aheadMs },
  });
}

beforeAll(async () => {
  server = await start();
  const enrol = async (name: string) =>
    (await server.authentication.enrol({ ...createPerson(name), admin: false })).session.token;
  alice = await enrol("alice");
  bob = await enrol("bob");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

type Asked = {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer>;
};

const ask = (token: string, path: string, { headers, ...rest }: Asked = {}) =>
  fetch(server.url + path, { ...rest, headers: { authorization: `Bearer ${token}`, ...headers } });

async function post(token: string, path: string, json: unknown) {
  const headers = { "content-type": "application/json" };
  const answer = await ask(token, path, { method: "POST", headers, body: JSON.stringify(json) });
  const told = await answer.text();
  return { status: answer.status, json: told === "" ? undefined : JSON.parse(told) };
}

const begin = (token: string, size: number, audience: object = { kind: "own", name: "one" }) =>
  post(token, paths.assetUploads(), { size, audience });

async function begun(token: string, size: number, audience?: object): Promise<string> {
  return assetUploadAnswerSchema.parse((await begin(token, size, audience)).json).upload;
}

async function put(token: string, upload: string, offset: number, body: Uint8Array<ArrayBuffer>) {
  const headers = {
    "content-type": MEDIA_TYPE_OCTETS,
    [ASSET_HEADERS.upload]: upload,
    [ASSET_HEADERS.offset]: String(offset),
  };
  const answer = await ask(token, paths.assetUploadPart(), { method: "PUT", headers, body });
  return { status: answer.status, json: await answer.json() };
}

const hashOf = (octets: Uint8Array): string =>
  createHash("sha256").update(octets).digest("base64url");
const finish = (token: string, upload: string, octets: Uint8Array) =>
  post(token, paths.assetUploadFinish(), { upload, hash: hashOf(octets) });

async function uploaded(
  token: string,
  octets: Uint8Array<ArrayBuffer>,
  audience: object,
): Promise<string> {
  const upload = await begun(token, octets.length, audience);
  await put(token, upload, 0, octets);
  return assetAnswerSchema.parse((await finish(token, upload, octets)).json).asset;
}

const read = (token: string, asset: string, headers: Record<string, string> = {}) =>
  ask(token, paths.assetContent(), { headers: { [ASSET_HEADERS.asset]: asset, ...headers } });

const some = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 3) & 255);
const blobs = () =>
  readdirSync(join(directory, "data/assets/blobs"), { recursive: true, encoding: "utf8" }).filter(
    (name) => name.length > 60,
  );

test("R-086 an upload goes on from what is there, and becomes an asset once", async () => {
  const octets = some(100 * KIB);
  const upload = await begun(alice, octets.length);
  expect(await put(alice, upload, 0, octets.slice(0, 40 * KIB))).toMatchObject({
    json: { received: 40 * KIB },
  });
  for (const offset of [0, 39 * KIB, 41 * KIB]) {
    const again = await put(alice, upload, offset, octets.slice(0, KIB));
    expect(again).toMatchObject({ status: 409, json: { type: problem("conflict") } });
  }
  expect(await finish(alice, upload, octets)).toMatchObject({
    json: { type: problem("conflict") },
  });
  // Of a restart the client sees no more than of a cut connection.
  await server[Symbol.asyncDispose]();
  server = await start();
  const headers = { [ASSET_HEADERS.upload]: upload };
  const state = await ask(alice, paths.assetUploadState(), { headers });
  expect(await state.json()).toEqual({ received: 40 * KIB, size: 100 * KIB });
  expect((await ask(bob, paths.assetUploadState(), { headers })).status).toBe(404);
  expect(await put(bob, upload, 40 * KIB, octets.slice(0, 1))).toMatchObject({ status: 404 });
  const long = await put(alice, upload, 40 * KIB, some(61 * KIB));
  expect(long).toMatchObject({ status: 413, json: { type: problem("tooLarge") } });
  const there = await ask(alice, paths.assetUploadState(), { headers });
  const { received } = assetUploadStateSchema.parse(await there.json());
  await put(alice, upload, received, octets.slice(received));
  const wrong = await finish(alice, upload, some(3));
  expect(wrong).toMatchObject({ status: 422, json: { type: problem("assetInvalid") } });
  expect(await finish(alice, upload, octets)).toMatchObject({
    json: { type: problem("notFound") },
  });

  const anew = await begun(alice, octets.length);
  await put(alice, anew, 0, octets);
  const [first, second] = [await finish(alice, anew, octets), await finish(alice, anew, octets)];
  expect(first.status).toBe(200);
  expect(second).toEqual(first);
  const { asset } = assetAnswerSchema.parse(first.json);
  const range = await read(alice, asset, { range: "bytes=10-19" });
  expect(range.status).toBe(206);
  expect(range.headers.get("content-range")).toBe(`bytes 10-19/${octets.length}`);
  expect(new Uint8Array(await range.arrayBuffer())).toEqual(octets.slice(10, 20));
});

test("T-30 T-31 what is served is never a page, and is served to nobody but those it is for", async () => {
  const page = new TextEncoder().encode("<script>alert(1)</script>");
  const asset = await uploaded(alice, new Uint8Array(page), { kind: "own", name: "page" });
  const answer = await read(alice, asset);
  expect(await answer.text()).toContain("<script>");
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    "content-type": MEDIA_TYPE_OCTETS,
    "content-disposition": "attachment",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": expect.stringContaining("sandbox"),
  });
  expect((await read(bob, asset)).status).toBe(404);
  expect((await read("none", asset)).status).toBe(401);
  const room = mintRoomUri(parseDomain("example.org"), (length) => new Uint8Array(length));
  expect(await begin(alice, 10, { kind: "room", room })).toMatchObject({ status: 403 });
});

test("T-30 no spelling of a name leads out of its place, or into a log", async () => {
  const secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I";
  const nasty = fc.oneof(
    fc.string({ unit: "binary-ascii", maxLength: 80 }),
    fc.constantFrom(
      "../",
      "..\\..\\",
      "/etc/passwd",
      "%2e%2e%2f",
      "mimi://example.org/a/../..",
      ".",
    ),
    fc
      .array(fc.constantFrom("..", "/", "a", "%00", "\t", "mimi://example.org/a/"), {
        maxLength: 9,
      })
      .map((parts) => parts.join("")),
  );
  const visible = nasty.map((text) => text.replaceAll(/[^\t -~]/g, "").trim());
  await fc.assert(
    fc.asyncProperty(visible, async (text) => {
      const headers = { [ASSET_HEADERS.upload]: text, [ASSET_HEADERS.offset]: "0" };
      const answers = await Promise.all([
        read(alice, text),
        read(alice, `mimi://example.org/a/${"A".repeat(43)}`, { [ASSET_HEADERS.secret]: text }),
        ask(alice, paths.assetUploadState(), { headers }),
        post(alice, paths.assetUploads(), {
          size: 1,
          audience: { kind: "own", name: `a/${text}` },
        }),
      ]);
      const [, , , named] = answers;
      if (named?.status === 201)
        await post(alice, paths.assetUploadAbandon(), { upload: named.json.upload });
      const statuses = answers.map(({ status }) => status);
      return statuses.every((status) => status < 500);
    }),
    { numRuns: 40 },
  );
  await read(alice, `mimi://example.org/a/${"A".repeat(43)}`, { [ASSET_HEADERS.secret]: secret });
  expect(logLines.filter((line) => line.includes(secret) || line.includes("AAAAAAAAAA"))).toEqual(
    [],
  );
  expect(logLines.filter((line) => /"level":50\b/.test(line))).toEqual([]);
  expect(readdirSync(join(directory, "data/assets")).toSorted()).toEqual([
    "blobs",
    "copies",
    "uploads",
  ]);
});

test("quotas and the disk are looked at before anything is sent", async () => {
  expect(await begin(bob, 3 * 1024 * KIB)).toMatchObject({
    status: 422,
    json: { type: problem("limitExceeded"), limitName: "assets.largest_mib" },
  });
  const upload = await begun(bob, 900 * KIB);
  expect(await begin(bob, 200 * KIB)).toMatchObject({
    json: { type: problem("limitExceeded"), limitName: "assets.quota_mib" },
  });
  expect(await (await ask(bob, paths.assetUsage())).json()).toMatchObject({ usedBytes: 900 * KIB });
  await post(bob, paths.assetUploadAbandon(), { upload });
  expect((await begin(bob, 200 * KIB)).status).toBe(201);
  await server[Symbol.asyncDispose]();
  server = await start(1_000_000_000);
  expect(await begin(bob, 1)).toMatchObject({
    status: 507,
    json: { type: problem("storageFull") },
  });
  await server[Symbol.asyncDispose]();
  server = await start();
});

test("R-052 R-086 R-089 the octets go with the last reference, and all that expires goes by itself", async () => {
  const before = blobs().length;
  const octets = some(50 * KIB);
  const secret = new Uint8Array(32).fill(4);
  const secretHash = hashOf(secret);
  const asset = await uploaded(bob, octets, { kind: "bearer", secretHash });
  const copy = await post(alice, paths.assetCopies(), {
    asset,
    secret: Buffer.from(secret).toString("base64url"),
    audience: { kind: "own", name: "kept" },
  });
  const kept = assetAnswerSchema.parse(copy.json).asset;
  expect(blobs()).toHaveLength(before + 1);
  await post(alice, paths.assetDeletions(), { asset });
  const header = { [ASSET_HEADERS.secret]: Buffer.from(secret).toString("base64url") };
  expect((await read(alice, asset, header)).status).toBe(200);
  await post(bob, paths.assetDeletions(), { asset });
  expect((await read(alice, asset, header)).status).toBe(404);
  expect((await read(alice, kept)).status).toBe(200);

  const short = await uploaded(bob, some(KIB), { kind: "bearer", secretHash });
  const half = await begun(bob, 10 * KIB);
  await put(bob, half, 0, some(KIB));
  clock.aheadMs = 9 * 24 * 3_600_000;
  expect((await read(alice, short, header)).status).toBe(200);
  clock.aheadMs = 11 * 24 * 3_600_000;
  expect((await read(alice, short, header)).status).toBe(404);
  expect((await read(alice, kept)).status).toBe(200);
  await server.assets.maintain();
  expect(blobs()).toHaveLength(before + 1);
  expect(readdirSync(join(directory, "data/assets/uploads"))).toEqual([]);
  await post(alice, paths.assetDeletions(), { asset: kept });
  await server.assets.maintain();
  expect(blobs()).toHaveLength(before);
  clock.aheadMs = 0;
});
