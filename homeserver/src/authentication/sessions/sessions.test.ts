import { LIMITS, mintClientUri, parseDomain, userUri, type UserUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import { migrationsOf, openDatabase } from "../../platform/index.ts";
import { createNodeEnv } from "../../platform/env/node-env.ts";
import { createSessions, type EndedSession } from "./sessions.ts";
import { createSqliteStore } from "../store/index.ts";

const clientName = "a client";
const domain = parseDomain("example.org");

/** The sessions of one account, `alice`, at a clock that the test moves. */
async function open() {
  const real = createNodeEnv({ log: { level: "silent" } });
  const clock = { now: 1_000 };
  const env = { ...real, now: () => clock.now };
  const database = openDatabase({
    path: ":memory:",
    env,
    migrations: [migrationsOf("authentication")],
    onCrash: (error) => {
      throw error;
    },
  });
  const store = createSqliteStore(database);
  const user: UserUri = userUri(domain, "alice");
  const client = mintClientUri(user, (length) => env.random(length));
  await database.transaction((tx) =>
    store.createAccount(tx, {
      name: "alice",
      admin: true,
      identityKey: env.random(32),
      passwordRecord: undefined,
      recoveryBundle: env.random(8),
      createdAt: 0,
      list: { version: 1, hash: env.random(32), signedList: env.random(9) },
      clients: [],
    }),
  );
  const start = () => createSessions({ env, database, store, domain });
  const sessions = start();
  const login = () =>
    database.transaction((tx) => sessions.open(tx, { name: "alice", client, clientName }));
  return { clock, database, store, user, client, sessions, restart: start, login };
}

test("a token tells whose session it is, also after a restart; any other tells nothing", async () => {
  const { sessions, login, restart, user, client } = await open();
  const { token, expiresAt } = await login();
  expect(expiresAt).toBe(1_000 + LIMITS.sessionIdleMs);
  const session = await sessions.authenticate(token);
  expect(session).toMatchObject({ user, client, admin: true, expiresAt });
  expect(await restart().authenticate(token)).toEqual(session);
  const other = `${token.startsWith("A") ? "B" : "A"}${token.slice(1)}`;
  for (const wrong of [other, "", token.slice(1), `${token}A`, "\u{1F333}".repeat(22)]) {
    expect(await sessions.authenticate(wrong)).toBeUndefined();
  }
});

test("R-026 an ended session is refused at once, and its connections hear of it", async () => {
  const { sessions, login, database, user, client } = await open();
  const { token } = await login();
  const kept = await login();
  const session = await sessions.authenticate(token);
  const ended: EndedSession[] = [];
  sessions.onEnded((each) => ended.push(each));
  const end = (name: string) =>
    database.transaction((tx) => sessions.end(tx, name, session?.id ?? ""));
  expect(await end("bob")).toBe(false);
  expect(ended).toEqual([]);
  expect(await end("alice")).toBe(true);
  expect(ended).toEqual([{ id: session?.id, user, client }]);
  expect(await sessions.authenticate(token)).toBeUndefined();
  expect(await sessions.authenticate(kept.token)).toBeDefined();
  expect(await end("alice")).toBe(false);
});

test("a refused transaction ends no session", async () => {
  const { sessions, login, database } = await open();
  const { token } = await login();
  const session = await sessions.authenticate(token);
  const refused = database.transaction(async (tx) => {
    await sessions.end(tx, "alice", session?.id ?? "");
    throw new Error("refused");
  });
  await expect(refused).rejects.toThrow("refused");
  expect(await sessions.authenticate(token)).toEqual(session);
});

test("a session that is used lives on; an idle one ends, in memory and for the job", async () => {
  const { sessions, login, clock, database, store, restart } = await open();
  const [used, idle] = [await login(), await login()];
  await sessions.authenticate(idle.token);
  clock.now += LIMITS.sessionIdleMs - 1;
  expect(await sessions.authenticate(used.token)).toMatchObject({
    expiresAt: clock.now + LIMITS.sessionIdleMs,
  });
  // The time of use is written behind the answer; a read waits for what was already handed in.
  const times = await database.transaction((tx) => store.sessionsOf(tx, "alice"));
  expect(times.map(({ usedAt }) => usedAt).sort((a, b) => a - b)).toEqual([1_000, clock.now]);
  clock.now += 1;
  expect(await sessions.authenticate(idle.token)).toBeUndefined();
  expect(await restart().authenticate(idle.token)).toBeUndefined();
  expect(await restart().authenticate(used.token)).toBeDefined();
  expect((await sessions.list("alice")).length).toBe(1);
  clock.now += 1;
  expect(await sessions.deleteIdle(10)).toBe(1);
  expect(await sessions.deleteIdle(10)).toBe(0);
  expect(await sessions.authenticate(used.token)).toBeDefined();
});

test("a user has so many sessions; the one used longest ago makes room", async () => {
  const { sessions, login, clock } = await open();
  const tokens: string[] = [];
  for (let count = 0; count < LIMITS.sessionsPerUserMax; count += 1) {
    clock.now += 1;
    tokens.push((await login()).token);
  }
  const [first = "", second = ""] = tokens;
  expect(await sessions.authenticate(first)).toBeDefined();
  clock.now += 1;
  await login();
  expect((await sessions.list("alice")).length).toBe(LIMITS.sessionsPerUserMax);
  expect(await sessions.authenticate(first)).toBeUndefined();
  expect(await sessions.authenticate(second)).toBeDefined();
});
