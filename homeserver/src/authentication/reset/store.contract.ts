import { mintClientUri, parseDomain, userUri } from "@treehouse/protocol";
import { expect, test } from "vitest";
import type { Database } from "../../platform/index.ts";
import type { AuthenticationStore } from "../store/index.ts";
import type { ResetStore, StartedIdentity } from "./store.ts";

export type OpenStore = () => Promise<{
  readonly database: Database;
  readonly store: ResetStore;
  /** Of the accounts that are reset. */
  readonly accounts: AuthenticationStore;
}>;

/** How every adapter of `ResetStore` behaves. `open` gives an empty store each time. */
export function resetStoreContract(open: OpenStore): void {
  test("an account has one reset, which its newest token finds", async () => {
    const { database, store } = await open();
    const first = { name: "alice", token: token(1, 10), wait: undefined };
    const second = { name: "alice", token: token(2, 20), wait: { until: 30, readyUntil: 40 } };
    await database.transaction(async (tx) => {
      await store.putReset(tx, first);
      await store.putReset(tx, { ...first, name: "bob", token: token(3, 10) });
      await store.putReset(tx, second);
      expect(await store.reset(tx, "alice")).toEqual(second);
      expect(await store.resetOfToken(tx, octets(1))).toBeUndefined();
      expect(await store.resetOfToken(tx, octets(2))).toEqual(second);
      await store.putReset(tx, { ...second, token: undefined });
      expect(await store.reset(tx, "alice")).toEqual({ ...second, token: undefined });
      expect(await store.deleteReset(tx, "alice")).toBe(true);
      expect(await store.deleteReset(tx, "alice")).toBe(false);
      expect(await store.reset(tx, "bob")).toBeDefined();
    });
    await database.close();
  });

  test("what holds no longer goes, so many at a time", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.putReset(tx, { name: "a", token: token(1, 10), wait: undefined });
      await store.putReset(tx, {
        name: "b",
        token: undefined,
        wait: { until: 5, readyUntil: 20 },
      });
      await store.putReset(tx, {
        name: "c",
        token: token(2, 10),
        wait: { until: 5, readyUntil: 20 },
      });
      expect(await store.deleteSpentResets(tx, 9, 9)).toBe(0);
      expect(await store.deleteSpentResets(tx, 10, 9)).toBe(1);
      expect(await store.deleteSpentResets(tx, 20, 1)).toBe(1);
      expect(await store.deleteSpentResets(tx, 20, 9)).toBe(1);
    });
    await database.close();
  });

  test("another identity takes the place of everything that was certified before", async () => {
    const { database, store, accounts } = await open();
    const former = identity(1);
    const next = identity(2);
    await database.transaction(async (tx) => {
      expect(await store.startIdentity(tx, next)).toBe(false);
      await accounts.createAccount(tx, { ...former, admin: true });
      expect(await store.startIdentity(tx, next)).toBe(true);
      const { name, identityKey, passwordRecord, recoveryBundle } = next;
      expect(await accounts.account(tx, name)).toEqual({
        name,
        identityKey,
        passwordRecord,
        recoveryBundle,
        admin: true,
        credentialVersion: 2,
      });
      const stored = next.clients.map((client) => ({ ...client, name }));
      expect(await accounts.clientsOf(tx, name)).toEqual(stored);
      expect(await accounts.clientList(tx, name)).toEqual(next.list.signedList);
    });
    await database.close();
  });
}

function identity(value: number): StartedIdentity {
  const user = userUri(parseDomain("example.org"), "alice");
  const client = mintClientUri(user, (length) => new Uint8Array(length).fill(value));
  return {
    name: "alice",
    identityKey: octets(value),
    passwordRecord: octets(value + 10),
    recoveryBundle: octets(value + 20),
    createdAt: 100 + value,
    list: { version: 1, hash: octets(value + 30), signedList: octets(value + 40) },
    clients: [
      { client, signatureKey: octets(value + 50), leafIdentity: octets(value), expiresAt: 999 },
    ],
  };
}

const octets = (value: number) => new Uint8Array(32).fill(value);
const token = (value: number, expiresAt: number) => ({ hash: octets(value), expiresAt });
