import { expect, test } from "vitest";
import type { Database } from "../platform/index.ts";
import type { FactorStore, StoredEmail, StoredTotp } from "./store.ts";

export type OpenStore = () => Promise<{ readonly database: Database; readonly store: FactorStore }>;

/** How every adapter of `FactorStore` behaves. `open` gives an empty store each time. */
export function factorStoreContract(open: OpenStore): void {
  otherFactors(open);
  passkeys(open);
  test("an app is kept under its account's name, replaced and deleted", async () => {
    const { database, store } = await open();
    const [started, confirmed] = [totpOf("alice"), totpOf("alice", { confirmedAt: 5 })];
    await database.transaction(async (tx) => {
      await store.putTotp(tx, started);
      await store.putTotp(tx, totpOf("bob", { secret: { keyId: "k2", box: octets(9, 3) } }));
    });
    expect(await database.read((tx) => store.totp(tx, "alice"))).toEqual(started);
    await database.transaction((tx) => store.putTotp(tx, confirmed));
    await database.read(async (tx) => {
      expect(await store.totp(tx, "alice")).toEqual(confirmed);
      expect(await store.totp(tx, "carol")).toBeUndefined();
      expect(await store.keyIds(tx)).toEqual(["k1", "k2"]);
      expect(await store.totpNotUnder(tx, "k2", 10)).toEqual([confirmed]);
      expect(await store.totpNotUnder(tx, "k3", 1)).toEqual([confirmed]);
    });
    await database.transaction((tx) => store.deleteTotp(tx, "alice"));
    expect(await database.read((tx) => store.totp(tx, "alice"))).toBeUndefined();
    expect(await database.read((tx) => store.keyIds(tx))).toEqual(["k2"]);
  });

  test("an account has one address that is verified, and one that waits", async () => {
    const { database, store } = await open();
    const emailOf = (verified: boolean, fill: number, keyId = "k1"): StoredEmail => ({
      name: "alice",
      verified,
      content: { keyId, box: octets(40, fill) },
      triesLeft: 5,
      expiresAt: 9,
    });
    await database.transaction(async (tx) => {
      await store.putEmail(tx, emailOf(true, 1));
      await store.putEmail(tx, emailOf(false, 2));
      await store.putEmail(tx, emailOf(false, 3, "k2"));
    });
    await database.read(async (tx) => {
      expect(await store.email(tx, "alice", true)).toEqual(emailOf(true, 1));
      expect(await store.email(tx, "alice", false)).toEqual(emailOf(false, 3, "k2"));
      expect(await store.email(tx, "bob", true)).toBeUndefined();
      expect(await store.keyIds(tx)).toEqual(["k1", "k2"]);
      expect(await store.emailsNotUnder(tx, "k1", 10)).toEqual([emailOf(false, 3, "k2")]);
    });
    await database.transaction((tx) => store.deleteEmails(tx, "alice"));
    expect(await database.read((tx) => store.email(tx, "alice", true))).toBeUndefined();
  });

  test("a recovery code is used once, by its own user, and new ones end the old", async () => {
    const { database, store } = await open();
    const [one, two, three] = [octets(32, 1), octets(32, 2), octets(32, 3)];
    await database.transaction(async (tx) => {
      await store.replaceRecoveryCodes(tx, "alice", [one, two]);
      await store.replaceRecoveryCodes(tx, "bob", [one]);
    });
    const use = (name: string, hash: Uint8Array<ArrayBuffer>) =>
      database.transaction((tx) => store.useRecoveryCode(tx, name, hash));
    const left = (name: string) => database.read((tx) => store.countRecoveryCodes(tx, name));
    expect(await Promise.all([use("alice", one), use("alice", one)])).toEqual([true, false]);
    expect(await use("bob", two)).toBe(false);
    expect([await left("alice"), await left("bob")]).toEqual([1, 1]);
    await database.transaction((tx) => store.replaceRecoveryCodes(tx, "alice", [three]));
    expect(await use("alice", two)).toBe(false);
    expect(await use("alice", three)).toBe(true);
    expect(await left("alice")).toBe(0);
  });
}

function otherFactors(open: OpenStore): void {
  test("wrong codes are counted by account, and forgotten", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.putTries(tx, "alice", { failures: 1, retryAt: 2 });
      await store.putTries(tx, "alice", { failures: 3, retryAt: 4 });
      expect(await store.tries(tx, "alice")).toEqual({ failures: 3, retryAt: 4 });
      await store.deleteTries(tx, "alice");
      expect(await store.tries(tx, "alice")).toBeUndefined();
    });
  });

  test("an account is linked with one other, and that one with no second account", async () => {
    const { database, store } = await open();
    const alice = { name: "alice", issuer: "i", subjectHash: octets(32, 1), linkedAt: 5 };
    await database.transaction(async (tx) => {
      expect(await store.addExternalLogin(tx, alice)).toBe(true);
      expect(await store.addExternalLogin(tx, { ...alice, name: "bob" })).toBe(false);
      expect(await store.addExternalLogin(tx, { ...alice, subjectHash: octets(32, 2) })).toBe(
        false,
      );
      expect(await store.externalLogin(tx, "alice")).toEqual(alice);
      expect(await store.externalLogin(tx, "bob")).toBeUndefined();
      expect(await store.deleteExternalLogin(tx, "alice")).toBe(true);
      expect(await store.deleteExternalLogin(tx, "alice")).toBe(false);
      expect(await store.addExternalLogin(tx, { ...alice, name: "bob" })).toBe(true);
    });
  });
}

function passkeys(open: OpenStore): void {
  test("a passkey is its account's, and its counter moves from where it was", async () => {
    const { database, store } = await open();
    const of = (id: string, createdAt: number, name = "alice") => ({
      id,
      name,
      createdAt,
      usedAt: undefined,
      label: "key",
      counter: 1,
      publicKey: octets(70, 1),
    });
    await database.transaction(async (tx) => {
      for (const passkey of [of("b", 1), of("a", 2), of("c", 1, "bob")]) {
        expect(await store.addPasskey(tx, passkey)).toBe(true);
      }
      expect(await store.addPasskey(tx, of("a", 9, "bob"))).toBe(false);
      expect(await store.passkeysOf(tx, "alice")).toEqual([of("b", 1), of("a", 2)]);
      expect(await store.usePasskey(tx, "a", { from: 0, to: 5, at: 6 })).toBe(false);
      expect(await store.usePasskey(tx, "a", { from: 1, to: 5, at: 6 })).toBe(true);
      expect(await store.passkey(tx, "a")).toEqual({ ...of("a", 2), counter: 5, usedAt: 6 });
      await store.deletePasskey(tx, "bob", "a");
      await store.deletePasskey(tx, "alice", "b");
      expect(await store.passkeysOf(tx, "alice")).toHaveLength(1);
      await store.deletePasskeys(tx, "alice");
      expect(await store.passkeysOf(tx, "alice")).toEqual([]);
      expect(await store.passkey(tx, "c")).toEqual(of("c", 1, "bob"));
    });
  });
}

function totpOf(name: string, change: Partial<StoredTotp> = {}): StoredTotp {
  return {
    name,
    secret: { keyId: "k1", box: octets(60, 7) },
    startedAt: 1,
    confirmedAt: undefined,
    lastStep: 0,
    ...change,
  };
}

function octets(length: number, fill: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(fill);
}
