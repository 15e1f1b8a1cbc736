import { expect, test } from "vitest";
import { CLIENT_LISTS_KEPT, mintClientUri, parseDomain, userUri } from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import type { Database } from "../../platform/index.ts";
import type { AuthenticationStore, NewAccount, StoredInvite, StoredSession } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: AuthenticationStore;
}>;

/** How every adapter of `AuthenticationStore` behaves. `open` gives an empty store each time. */
export function authenticationStoreContract(open: OpenStore): void {
  accountContract(open);
  sessionContract(open);
  inviteContract(open);
}

function accountContract(open: OpenStore): void {
  test("an account is found under its name, with its list and clients", async () => {
    const { database, store } = await open();
    const alice = account("alice", { admin: true });
    expect(await database.transaction((tx) => store.createAccount(tx, alice))).toBe(true);
    await database.read(async (tx) => {
      expect(await store.account(tx, "alice")).toEqual({
        name: "alice",
        admin: true,
        identityKey: alice.identityKey,
        passwordRecord: alice.passwordRecord,
        recoveryBundle: alice.recoveryBundle,
        credentialVersion: 1,
      });
      expect(await store.account(tx, "bob")).toBeUndefined();
      const none = { passwordRecord: undefined, credentialVersion: 0 };
      expect(await store.credential(tx, "bob")).toEqual(none);
      expect(await store.credential(tx, "alice")).toEqual({
        passwordRecord: alice.passwordRecord,
        credentialVersion: 1,
      });
      expect(await store.clientList(tx, "alice")).toEqual(alice.list.signedList);
      expect(await store.clientList(tx, "alice", 1)).toEqual(alice.list.signedList);
      expect(await store.clientList(tx, "alice", 2)).toBeUndefined();
      expect(await store.clientList(tx, "bob")).toBeUndefined();
      const stored = alice.clients.map((client) => ({ ...client, name: "alice" }));
      expect(await store.clientsOf(tx, "alice")).toEqual(stored);
      expect(await store.client(tx, clientOf(alice))).toEqual(stored[0]);
      expect(await store.client(tx, clientOf(account("bob")))).toBeUndefined();
      expect(await store.adminExists(tx)).toBe(true);
    });
  });

  test("a name is given once, and a refused account leaves no row", async () => {
    const { database, store } = await open();
    const first = account("alice");
    const second = account("alice", { seed: 7 });
    await database.transaction((tx) => store.createAccount(tx, first));
    expect(await database.transaction((tx) => store.createAccount(tx, second))).toBe(false);
    await database.read(async (tx) => {
      expect((await store.account(tx, "alice"))?.identityKey).toEqual(first.identityKey);
      expect(await store.client(tx, clientOf(second))).toBeUndefined();
      expect(await store.nameIsTaken(tx, "alice")).toBe(true);
      expect(await store.nameIsTaken(tx, "bob")).toBe(false);
      expect(await store.adminExists(tx)).toBe(false);
    });
  });

  test("a deleted account leaves nothing but a name that stays taken", async () => {
    const { database, store } = await open();
    const alice = account("alice", { admin: true });
    const session = sessionOf(alice, 1);
    await database.transaction(async (tx) => {
      await store.createAccount(tx, alice);
      await store.insertSession(tx, session);
    });
    await database.transaction((tx) => store.deleteAccount(tx, "alice", 5_000));
    await database.read(async (tx) => {
      expect(await store.account(tx, "alice")).toBeUndefined();
      expect(await store.clientList(tx, "alice")).toBeUndefined();
      expect(await store.clientsOf(tx, "alice")).toEqual([]);
      expect(await store.session(tx, session.tokenHash)).toBeUndefined();
      expect(await store.adminExists(tx)).toBe(false);
      expect(await store.nameIsTaken(tx, "alice")).toBe(true);
    });
    const again = account("alice", { seed: 7 });
    expect(await database.transaction((tx) => store.createAccount(tx, again))).toBe(false);
  });

  test("record and bundle change together, and only against the version they replace", async () => {
    const { database, store } = await open();
    await database.transaction((tx) => store.createAccount(tx, account("alice")));
    const change = (expectedVersion: number, fill: number) =>
      database.transaction((tx) =>
        store.replaceCredential(tx, {
          name: "alice",
          expectedVersion,
          passwordRecord: bytes(192, fill),
          recoveryBundle: bytes(40, fill),
        }),
      );
    expect(await Promise.all([change(1, 11), change(1, 12)])).toEqual([true, false]);
    expect(await change(3, 13)).toBe(false);
    const stored = await database.read((tx) => store.account(tx, "alice"));
    expect(stored?.credentialVersion).toBe(2);
    expect(stored?.passwordRecord).toEqual(bytes(192, 11));
    expect(stored?.recoveryBundle).toEqual(bytes(40, 11));
  });

  test("a list follows the one before, with one client more, and both are there", async () => {
    const { database, store } = await open();
    const alice = account("alice");
    const [first] = alice.clients;
    const [more] = account("alice", { seed: 7 }).clients;
    if (first === undefined || more === undefined) throw new Error("no clients");
    const list = { version: 2, hash: bytes(32, 9), signedList: bytes(90, 9), acceptedAt: 7 };
    const client = { ...more, name: "alice" };
    await database.transaction((tx) => store.createAccount(tx, alice));
    await database.transaction((tx) => store.addClient(tx, { list, client }));
    await database.read(async (tx) => {
      expect(await store.clientList(tx, "alice")).toEqual(list.signedList);
      expect(await store.clientList(tx, "alice", 1)).toEqual(alice.list.signedList);
      expect(await store.client(tx, client.client)).toEqual(client);
      expect(await store.clientsOf(tx, "alice")).toHaveLength(2);
    });
    await expect(
      database.transaction((tx) => store.addClient(tx, { list, client })),
    ).rejects.toThrow(/UNIQUE/);
  });

  test("a revoked client is gone, the others have new identities, and the newest lists are kept", async () => {
    const { database, store } = await open();
    const alice = account("alice");
    const [first] = alice.clients;
    const [more] = account("alice", { seed: 7 }).clients;
    if (first === undefined || more === undefined) throw new Error("no clients");
    const listed = (version: number) => ({
      version,
      hash: bytes(32, version % 256),
      signedList: bytes(90, version % 256),
      acceptedAt: version,
    });
    await database.transaction(async (tx) => {
      await store.createAccount(tx, alice);
      await store.addClient(tx, { list: listed(2), client: { ...more, name: "alice" } });
      await store.revokeClient(tx, {
        name: "alice",
        client: first.client,
        list: listed(3),
        staying: [{ client: more.client, leafIdentity: bytes(70, 5) }],
      });
      expect(await store.client(tx, first.client)).toBeUndefined();
      expect(await store.clientsOf(tx, "alice")).toMatchObject([
        { client: more.client, leafIdentity: bytes(70, 5), signatureKey: more.signatureKey },
      ]);
      const lists = [alice.list, listed(2), listed(3)].map(({ signedList }) => signedList);
      const all = { after: 0, limit: 9 };
      expect(await store.clientListsAfter(tx, "alice", all)).toEqual(lists);
      expect(await store.clientListsAfter(tx, "alice", { after: 1, limit: 1 })).toEqual([lists[1]]);
      expect(await store.clientListsAfter(tx, "bob", all)).toEqual([]);
      const revoked = { name: "alice", client: first.client, staying: [] };
      await store.revokeClient(tx, { ...revoked, list: listed(CLIENT_LISTS_KEPT + 2) });
      const kept = await store.clientListsAfter(tx, "alice", all);
      expect(kept).toEqual([lists[2], listed(CLIENT_LISTS_KEPT + 2).signedList]);
    });
  });

  test("an account may have no password", async () => {
    const { database, store } = await open();
    const bot = { ...account("bot"), passwordRecord: undefined };
    await database.transaction((tx) => store.createAccount(tx, bot));
    const stored = await database.read((tx) => store.account(tx, "bot"));
    expect(stored).toBeDefined();
    expect(stored?.passwordRecord).toBeUndefined();
  });
}

function sessionContract(open: OpenStore): void {
  test("sessions are found by token hash, listed newest first and deleted by their owner", async () => {
    const { database, store } = await open();
    const [alice, bob] = [account("alice"), account("bob", { seed: 7 })];
    const [older, newer, other] = [sessionOf(alice, 1), sessionOf(alice, 2), sessionOf(bob, 3)];
    await database.transaction(async (tx) => {
      for (const session of [older, newer, other]) await store.insertSession(tx, session);
    });
    await database.read(async (tx) => {
      expect(await store.session(tx, newer.tokenHash)).toEqual(newer);
      expect(await store.session(tx, bytes(32, 99))).toBeUndefined();
      expect(await store.sessionsOf(tx, "alice")).toEqual([newer, older]);
    });
    const remove = (name: string, id: string) =>
      database.transaction((tx) => store.deleteSession(tx, name, id));
    expect(await remove("alice", other.id)).toBeUndefined();
    expect(await remove("alice", older.id)).toEqual(older);
    expect(await remove("alice", older.id)).toBeUndefined();
    await database.read(async (tx) => {
      expect(await store.sessionsOf(tx, "alice")).toEqual([newer]);
      expect(await store.sessionsOf(tx, "bob")).toEqual([other]);
    });
  });

  test("the time of last use only moves forward, and idle sessions go first", async () => {
    const { database, store } = await open();
    const alice = account("alice");
    const [first, second, third] = [1, 2, 3].map((order) => sessionOf(alice, order));
    if (!first || !second || !third) throw new Error("three sessions were made");
    await database.transaction(async (tx) => {
      for (const session of [first, second, third]) await store.insertSession(tx, session);
      await store.touchSession(tx, third.tokenHash, 9_000);
      await store.touchSession(tx, third.tokenHash, 8_000);
    });
    const remove = (limit: number) =>
      database.transaction((tx) => store.deleteIdleSessions(tx, 9_000, limit));
    expect(await remove(1)).toEqual([first]);
    expect(await remove(10)).toEqual([second]);
    expect(await remove(10)).toEqual([]);
    const left = await database.read((tx) => store.sessionsOf(tx, "alice"));
    expect(left).toEqual([{ ...third, usedAt: 9_000 }]);
    // When a client was there last is known beyond the end of its sessions, until its account goes.
    const lastSeen = () => database.read((tx) => store.lastSeen(tx, third.client));
    expect(await lastSeen()).toBe(9_000);
    await database.transaction((tx) => store.deleteSession(tx, "alice", third.id));
    expect(await lastSeen()).toBe(9_000);
    await database.transaction((tx) => store.deleteAccount(tx, "alice", 10_000));
    expect(await lastSeen()).toBeUndefined();
  });
}

function inviteContract(open: OpenStore): void {
  test("an invite has exactly as many uses as it was given, whoever comes at once", async () => {
    const { database, store } = await open();
    await database.transaction((tx) => store.insertInvite(tx, invite(1, { usesLeft: 3 })));
    const used = await Promise.all(
      Array.from({ length: 5 }, () =>
        database.transaction((tx) => store.useInvite(tx, bytes(32, 1), 2_000)),
      ),
    );
    expect(used.map((result) => result?.usesLeft)).toEqual([2, 1, 0, undefined, undefined]);
  });

  test("an invite ends at its time, and an unknown one has no use", async () => {
    const { database, store } = await open();
    await database.transaction((tx) => store.insertInvite(tx, invite(1, { expiresAt: 2_000 })));
    const use = (hash: Bytes, at: number) =>
      database.transaction((tx) => store.useInvite(tx, hash, at));
    expect(await use(bytes(32, 2), 1_999)).toBeUndefined();
    expect(await use(bytes(32, 1), 2_000)).toBeUndefined();
    expect((await use(bytes(32, 1), 1_999))?.usesLeft).toBe(9);
  });

  test("invites are listed, counted and deleted; spent ones by the job", async () => {
    const { database, store } = await open();
    const plain = invite(1);
    const spent = invite(2, { usesLeft: 0 });
    const over = invite(3, { expiresAt: 3_000 });
    const admin = invite(4, { admin: true });
    await database.transaction(async (tx) => {
      for (const each of [plain, spent, over, admin]) await store.insertInvite(tx, each);
    });
    await database.read(async (tx) => {
      expect(await store.invites(tx, 10)).toEqual([admin, over, spent, plain]);
      expect(await store.invites(tx, 1)).toEqual([admin]);
      expect(await store.countInvites(tx)).toBe(4);
    });
    await database.transaction(async (tx) => {
      expect(await store.deleteSpentInvites(tx, 3_000, 1)).toBe(1);
      expect(await store.deleteSpentInvites(tx, 3_000, 10)).toBe(1);
      await store.deleteAdminInvites(tx);
      expect(await store.deleteInvite(tx, plain.id)).toBe(true);
      expect(await store.deleteInvite(tx, plain.id)).toBe(false);
      expect(await store.countInvites(tx)).toBe(0);
    });
  });
}

const domain = parseDomain("example.org");

function account(name: string, { admin = false, seed = 1 } = {}): NewAccount {
  const client = mintClientUri(userUri(domain, name), (length) => bytes(length, seed));
  return {
    name,
    admin,
    identityKey: bytes(32, seed),
    passwordRecord: bytes(192, seed + 1),
    recoveryBundle: bytes(50, seed + 2),
    createdAt: 1_000,
    list: { version: 1, hash: bytes(32, seed + 3), signedList: bytes(300, seed + 4) },
    clients: [
      {
        client,
        signatureKey: bytes(32, seed + 5),
        leafIdentity: bytes(400, seed + 6),
        expiresAt: 9_000,
      },
    ],
  };
}

function clientOf({ clients: [first] }: NewAccount): NewAccount["clients"][number]["client"] {
  if (!first) throw new Error("every account of these tests has a client");
  return first.client;
}

function sessionOf(owner: NewAccount, order: number): StoredSession {
  return {
    tokenHash: bytes(32, 100 + order),
    id: `session-${order}`,
    name: owner.name,
    client: clientOf(owner),
    clientName: order === 1 ? undefined : `client ${order}`,
    createdAt: 1_000 + order,
    usedAt: 2_000 + order,
  };
}

function invite(order: number, change: Partial<StoredInvite> = {}): StoredInvite {
  return {
    id: `invite-${order}`,
    tokenHash: bytes(32, order),
    admin: false,
    uses: 10,
    usesLeft: 10,
    expiresAt: undefined,
    createdAt: 1_000 + order,
    ...change,
  };
}

function bytes(length: number, fill: number): Bytes {
  return new Uint8Array(length).fill(fill);
}
