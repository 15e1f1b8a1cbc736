import { LIMITS, parseDomain } from "@treehouse/protocol";
import type { Domain } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { createNodeEnv } from "../platform/env/node-env.ts";
import { migrationsOf, openDatabase } from "../platform/index.ts";
import { createPeerBook } from "./book.ts";
import type { PeerBook } from "./book.ts";
import { createNonceWindow } from "./nonce-window.ts";
import { createSqliteStore } from "./store.sqlite.ts";

const peersMax = 50;
const friend = parseDomain("friend.example");
const ruled = parseDomain("ruled.example");

async function openBook() {
  const clock = { now: 1_000 };
  const env = { now: () => clock.now, monotonic: () => clock.now };
  const partners = new Set([friend]);
  const database = openDatabase({
    path: ":memory:",
    env: createNodeEnv({ log: { level: "silent" } }),
    migrations: [migrationsOf("peers")],
    onCrash: (error) => {
      throw error;
    },
  });
  const store = createSqliteStore(database);
  const hasRule = (domain: Domain): boolean => domain === ruled;
  const open = async (): Promise<PeerBook> => {
    const stored = await database.read((tx) => store.peers(tx));
    return createPeerBook({
      env,
      database,
      store,
      hasRule,
      partners: async () => partners,
      stored,
      peersMax,
    });
  };
  return { clock, env, partners, open };
}

async function meet(book: PeerBook, name: string): Promise<void> {
  const state = book.find(parseDomain(name));
  await book.save(state, state.record);
  book.touch(state, "inbound");
}

test("FED-903 of the servers that are known, the least needed makes room for a new one", async () => {
  const { clock, open } = await openBook();
  const book = await open();
  const names = Array.from({ length: peersMax - 3 }, (_, at) => `p${at}.example`);
  await Promise.all(
    ["ruled.example", "asked.example", "frozen.example"].map((name) => meet(book, name)),
  );
  const asked = book.find(parseDomain("asked.example"));
  book.touch(asked, "outbound");
  const frozen = book.find(parseDomain("frozen.example"));
  await book.save(frozen, { ...frozen.record, frozenAt: 1 });
  clock.now += 1;
  await Promise.all(names.map((name) => meet(book, name)));
  expect(book.all()).toHaveLength(peersMax);
  clock.now += 1;
  const again = book.find(parseDomain("p0.example"));
  book.touch(again, "inbound");
  await meet(book, "new.example");
  expect(book.all()).toHaveLength(peersMax);
  const kept = ["ruled", "asked", "frozen", "p0", "new"].map((name) =>
    parseDomain(`${name}.example`),
  );
  for (const domain of kept) expect(book.known(domain)?.domain).toBe(domain);
  expect(book.known(parseDomain("p1.example"))).toBeUndefined();
  const reopened = await open();
  expect(reopened.all().map(({ domain }) => domain)).toEqual(
    book
      .all()
      .map(({ domain }) => domain)
      .toSorted(),
  );
});

test("H-14 FED-911 cheap names make each other leave, however busy, and nobody else", async () => {
  const { clock, env, open } = await openBook();
  const book = await open();
  const random = (length: number) => new Uint8Array(length).fill(3);
  await meet(book, "friend.example");
  for (const name of ["one.org", "two.org", "three.net"]) await meet(book, name);
  clock.now += 1;
  const nonce = new Uint8Array(16).fill(9);
  for (let at = 0; at < 2 * peersMax; at += 1) {
    clock.now += 1;
    const name = parseDomain(`sub${at}.evil.test`);
    await meet(book, name);
    const state = book.find(name);
    if (at % 2 === 0) book.touch(state, "outbound");
    state.nonces = createNonceWindow({ ...env, random });
    state.nonces.take(nonce);
    if (at % 3 === 0) await book.save(state, { ...state.record, frozenAt: 1 });
  }
  for (const name of ["friend.example", "one.org", "two.org", "three.net"]) {
    expect(book.known(parseDomain(name))?.domain).toBe(name);
  }
  expect(book.all()).toHaveLength(peersMax);
  // FED-910: what a server has signed is refused also after it was forgotten.
  const gone = parseDomain("sub1.evil.test");
  expect(book.known(gone)).toBeUndefined();
  expect(() => book.find(gone).nonces?.take(nonce)).toThrow("received before");
});

test("FED-935 when all who are known are needed, another one waits; many at once do not pass the bound", async () => {
  const { partners, open } = await openBook();
  const book = await open();
  for (const batch of [0, 1, 2]) {
    const names = Array.from({ length: peersMax }, (_, at) => `p${batch}-${at}.example`);
    await Promise.all(names.map((name) => meet(book, name)));
  }
  expect(book.all()).toHaveLength(peersMax);
  const again = await open();
  for (const { domain } of again.all()) partners.add(domain);
  const waiting = { code: "unavailable", data: { limitName: "peersMax", retryAfterMs: 60_000 } };
  await expect(meet(again, "new.example")).rejects.toMatchObject(waiting);
  expect(again.all()).toHaveLength(peersMax);
});

test("contacts are written with the next look, and only those of known servers", async () => {
  const { clock, open } = await openBook();
  const book = await open();
  await meet(book, "a.example");
  book.touch(book.find(parseDomain("stranger.example")), "inbound");
  clock.now = 2_000;
  book.touch(book.find(parseDomain("a.example")), "outbound");
  expect((await open()).all()).toMatchObject([{ record: { outboundAt: undefined } }]);
  await book.writeContacts();
  expect((await open()).all()).toMatchObject([
    { domain: "a.example", record: { inboundAt: 1_000, outboundAt: 2_000 } },
  ]);
});

test("FED-903 strangers are forgotten by number and by time, and never while they are looked for", async () => {
  const { clock, open } = await openBook();
  const book = await open();
  const first = book.find(parseDomain("first.example"));
  first.fetching = Promise.resolve();
  const second = book.find(parseDomain("second.example"));
  for (let at = 0; at < LIMITS.strangersMax; at += 1) book.find(parseDomain(`s${at}.example`));
  expect(book.find(parseDomain("first.example"))).toBe(first);
  expect(book.find(parseDomain("second.example"))).not.toBe(second);
  const third = book.find(parseDomain("third.example"));
  clock.now += LIMITS.strangerKeptMs + 1;
  book.sweep();
  expect(book.find(parseDomain("third.example"))).not.toBe(third);
  expect(book.all()).toEqual([]);
});
