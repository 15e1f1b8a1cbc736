import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  assetRequestCodec,
  assetResponseCodec,
  LIMITS,
  mintAssetUri,
  mintRoomUri,
  parseDomain,
  RATE_LIMITS,
  Refusal,
  userUri,
} from "@treehouse/protocol";
import type { AssetRequest, AssetResponse, UserUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createNodeEnv, migrationsOf, openDatabase } from "../platform/index.ts";
import type { Access } from "./authorize.ts";
import { type Copies, createCopies } from "./copies.ts";
import { openCopyFiles } from "./copy-files.ts";
import { createMetrics } from "./metrics.ts";
import { createSqliteStore } from "./store.sqlite.ts";

const MIB = LIMITS.assetPieceBytesMax;
const home = parseDomain("home.example");
const away = parseDomain("away.example");
const room = mintRoomUri(away, (length) => new Uint8Array(length));
const access = { kind: "room", room } as const;
const alice = userUri(home, "alice");
const stranger = userUri(home, "stranger");
const size = 3 * MIB + 5;
const octets = Uint8Array.from({ length: size }, (_, index) => (index * 7 + (index >> 12)) & 255);

const uri = (digit: number) => mintAssetUri(away, (length) => new Uint8Array(length).fill(digit));

/** Another server, which answers as the test has it. */
type Away = (request: AssetRequest) => AssetResponse | Promise<AssetResponse>;

const honest: Away = ({ offset, length }) => ({
  size,
  octets: octets.slice(offset, offset + length),
});

async function world(bounds: { readonly bytesMax?: number; readonly assetBytesMax?: number } = {}) {
  const base = createNodeEnv({ log: { level: "silent" } });
  const clock = { now: 1_000_000, monotonic: 0 };
  const env = { ...base, now: () => clock.now, monotonic: () => clock.monotonic };
  const folder = mkdtempSync(join(tmpdir(), "treehouse-copies-"));
  const database = openDatabase({
    path: ":memory:",
    env,
    migrations: [migrationsOf("assets")],
    onCrash: (error) => {
      throw error;
    },
  });
  const store = createSqliteStore(database);
  const asked: AssetRequest[] = [];
  const there: { answer: Away } = { answer: honest };
  const files = await openCopyFiles(folder, new Set());
  const copies = createCopies({
    env,
    database,
    store,
    rooms: { isIn: async (_, of, who) => of === room && who.kind === "user" && who.user === alice },
    peers: {
      async ask(peer, { body }) {
        expect(peer).toBe(away);
        const request = assetRequestCodec.decode(body);
        asked.push(request);
        return assetResponseCodec.encode(await there.answer(request));
      },
    },
    metrics: createMetrics(env.metrics),
    files,
    bytesMax: bounds.bytesMax ?? 100 * MIB,
    assetBytesMax: bounds.assetBytesMax ?? 100 * MIB,
  });
  const read = async (user: UserUri, digit = 1, offset = 0, length?: number, fresh = false) => {
    const opened = await copies.open(user, { asset: uri(digit), access, fresh });
    const parts: Uint8Array[] = [];
    for await (const part of opened.read(offset, length ?? opened.size - offset)) parts.push(part);
    return Buffer.concat(parts);
  };
  return { asked, clock, copies, database, folder, read, store, there };
}

const openOf = (copies: Copies, user: UserUri, by: Access, fresh = false) =>
  copies.open(user, { asset: uri(1), access: by, fresh });

const same = (got: Uint8Array, offset = 0): boolean =>
  Buffer.compare(got, octets.subarray(offset, offset + got.length)) === 0;

test("R-086 many readers cause one request for each piece, and the next ones none", async () => {
  const { asked, read } = await world();
  const all = await Promise.all([1, 2, 3, 4, 5].map(() => read(alice)));
  expect(all.every((got) => got.length === size && same(got))).toBe(true);
  expect(asked.map(({ offset }) => offset).toSorted((a, b) => a - b)).toEqual([
    0,
    MIB,
    2 * MIB,
    3 * MIB,
  ]);
  expect(same(await read(alice, 1, MIB - 3, 10), MIB - 3)).toBe(true);
  expect(asked).toHaveLength(4);
});

test("R-086 who is not in the room gets nothing of what is kept here", async () => {
  const { asked, read } = await world();
  await read(alice);
  await expect(read(stranger)).rejects.toMatchObject({ code: "notMember" });
  expect(asked).toHaveLength(4);
});

test("R-093 a secret that was not asked with is no key to what another one has fetched", async () => {
  const { copies, there } = await world();
  const good = new Uint8Array(32).fill(1);
  there.answer = (request) => {
    const { claim } = request;
    if (claim.kind === "bearer" && claim.secret[0] === 1) return honest(request);
    throw new Refusal("notFound", "There is no such asset.");
  };
  const open = (secret: Uint8Array<ArrayBuffer>) =>
    copies.open(stranger, { asset: uri(1), access: { kind: "bearer", secret }, fresh: false });
  expect((await open(good)).size).toBe(size);
  await expect(open(new Uint8Array(32))).rejects.toMatchObject({ code: "notFound" });
  expect((await open(good)).size).toBe(size);
});

test.each<[string, Away]>([
  ["too short", ({ offset }) => ({ size, octets: octets.slice(offset, offset + 10) })],
  ["empty", () => ({ size, octets: new Uint8Array(0) })],
  ["too long", () => ({ size: 100, octets: octets.slice(0, MIB) })],
  [
    "of another size later",
    ({ offset, length }) => ({
      size: offset === 0 ? size : size + 1,
      octets: octets.slice(offset, offset + length),
    }),
  ],
])("FED-1012 an answer that is %s is none", async (_, answer) => {
  const { read, there } = await world();
  there.answer = answer;
  await expect(read(alice)).rejects.toMatchObject({ code: "peerUnreachable" });
  there.answer = honest;
  expect(same(await read(alice))).toBe(true);
});

test("FED-1012 what is larger than this server takes is refused before it is fetched", async () => {
  const { asked, read } = await world({ assetBytesMax: size - 1 });
  await expect(read(alice)).rejects.toMatchObject({ code: "limitExceeded" });
  expect(asked).toHaveLength(1);
});

test("a fetch that broke goes on with the pieces that are missing", async () => {
  const { asked, read, there } = await world();
  there.answer = (request) => {
    if (request.offset >= 2 * MIB) throw new Refusal("peerUnreachable", "It broke.");
    return honest(request);
  };
  await expect(read(alice)).rejects.toMatchObject({ code: "peerUnreachable" });
  there.answer = honest;
  asked.length = 0;
  expect(same(await read(alice))).toBe(true);
  const again = asked.map(({ offset }) => offset).toSorted((a, b) => a - b);
  expect(again).toEqual([2 * MIB, 3 * MIB]);
});

test("copies stay within their bound: the one that was not used for longest goes", async () => {
  const { asked, clock, copies, folder, read } = await world({ bytesMax: 9 * MIB });
  for (const digit of [1, 2, 3]) {
    clock.now += 120_000;
    await read(alice, digit);
    if (digit === 2) {
      clock.now += 120_000;
      await read(alice, 1);
    }
  }
  expect(copies.bytes).toBe(2 * size);
  expect(readdirSync(folder)).toHaveLength(2);
  asked.length = 0;
  await read(alice, 1);
  expect(asked).toEqual([]);
  await read(alice, 2);
  expect(asked).toHaveLength(4);
});

test("what would fill the cache passes through, and nothing of it stays", async () => {
  const { asked, copies, read } = await world({ bytesMax: 5 * MIB });
  expect(same(await read(alice))).toBe(true);
  expect(same(await read(alice))).toBe(true);
  expect(copies.bytes).toBe(0);
  expect(asked.length).toBeGreaterThan(4);
});

test("FED-1013 what its server has deleted is forgotten, and nobody else can have it forgotten", async () => {
  const { asked, copies, read, there } = await world();
  await read(alice);
  await copies.forget(home, [uri(1)]);
  expect(copies.bytes).toBe(size);
  await copies.forget(away, [uri(1)]);
  expect(copies.bytes).toBe(0);
  there.answer = () => {
    throw new Refusal("notFound", "There is no such asset.");
  };
  asked.length = 0;
  await expect(read(alice)).rejects.toMatchObject({ code: "notFound" });
  expect(asked).toHaveLength(1);
});

test("FED-1012 after a while it is asked for again, and goes if it is not given any more", async () => {
  const { asked, clock, copies, read, there } = await world();
  await read(alice);
  clock.now += LIMITS.assetCopyKeptMs + 1;
  asked.length = 0;
  expect(same(await read(alice))).toBe(true);
  expect(asked).toHaveLength(1);
  clock.now += LIMITS.assetCopyKeptMs + 1;
  there.answer = () => {
    throw new Refusal("notMember", "Nobody of yours is there.");
  };
  await expect(read(alice)).rejects.toMatchObject({ code: "notMember" });
  expect(copies.bytes).toBe(0);
});

test("asked for with many secrets, a copy is counted once and drives out no other", async () => {
  const { clock, copies, folder, read } = await world({ bytesMax: 9 * MIB });
  await read(alice, 2);
  for (let secret = 0; secret < 12; secret += 1) {
    clock.now += 120_000;
    await openOf(copies, stranger, { kind: "bearer", secret: new Uint8Array(32).fill(secret) });
  }
  expect(copies.bytes).toBe(size + MIB);
  expect(readdirSync(folder)).toHaveLength(2);
});

test("a user has one asset asked for again and again only so often, and another user may", async () => {
  const { asked, clock, copies } = await world();
  const { count, perMs } = RATE_LIMITS.assetAskPerUser;
  const bearer = (fill: number) =>
    ({ kind: "bearer", secret: new Uint8Array(32).fill(fill) }) as const;
  for (let secret = 0; secret < count; secret += 1) await openOf(copies, alice, bearer(secret));
  await expect(openOf(copies, alice, bearer(count))).rejects.toMatchObject({
    code: "rateLimited",
    data: { limitName: "assetAskPerUser", limit: count },
  });
  expect(asked).toHaveLength(count);
  await openOf(copies, stranger, bearer(count));
  clock.monotonic += perMs / count;
  await openOf(copies, alice, bearer(count + 1));
  expect(asked).toHaveLength(count + 2);
});

test("what is not given for a wrong secret stays for those who have it", async () => {
  const { copies, there, read } = await world();
  await read(alice);
  there.answer = () => {
    throw new Refusal("notFound", "There is no such asset.");
  };
  const wrong = { kind: "bearer", secret: new Uint8Array(32) } as const;
  await expect(openOf(copies, stranger, wrong, true)).rejects.toMatchObject({ code: "notFound" });
  expect(copies.bytes).toBe(size);
  expect(same(await read(alice))).toBe(true);
});

test("FED-1013 a piece that comes after its asset was deleted is not kept", async () => {
  const { copies, folder, read, there } = await world();
  there.answer = async (request) => {
    if (request.offset > 0) await copies.forget(away, [uri(1)]);
    return honest(request);
  };
  expect(same(await read(alice))).toBe(true);
  expect(copies.bytes).toBe(0);
  expect(readdirSync(folder)).toEqual([]);
});

test("a copy that is damaged is fetched anew by who asks for it", async () => {
  const { asked, read } = await world();
  await read(alice);
  asked.length = 0;
  expect(same(await read(alice, 1, 0, size, true))).toBe(true);
  expect(asked).toHaveLength(4);
});
