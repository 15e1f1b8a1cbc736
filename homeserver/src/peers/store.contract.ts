import { expect, test } from "vitest";
import { parseDomain } from "@treehouse/protocol";
import type { Database } from "../platform/index.ts";
import type { PeerKey, PeerStore, Rule, StoredPeer } from "./store.ts";

export type OpenStore = () => Promise<{ readonly database: Database; readonly store: PeerStore }>;

/** How every adapter of `PeerStore` behaves. `open` gives an empty store each time. */
export function peerStoreContract(open: OpenStore): void {
  test("a server comes back as it was saved, the keys in the order of their ids", async () => {
    const { database, store } = await open();
    const saved = peer(a, {
      frozenAt: 7,
      signedUntil: 6,
      inboundAt: 5,
      pinned: [key("k2"), key("k1", { expires: 9 })],
      offered: [key("k1"), key("k3")],
    });
    await database.transaction(async (tx) => {
      await store.savePeer(tx, peer(b));
      await store.savePeer(tx, saved);
    });
    expect(await database.read((tx) => store.peers(tx))).toEqual([
      { ...saved, pinned: [key("k1", { expires: 9 }), key("k2")] },
      peer(b),
    ]);
  });

  test("saving again replaces everything of that server and of no other", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.savePeer(tx, peer(a, { pinned: [key("k1"), key("k2")] }));
      await store.savePeer(tx, peer(b, { pinned: [key("k1")] }));
      await store.savePeer(tx, peer(a, { outboundAt: 8, pinned: [key("k3")] }));
    });
    expect(await database.read((tx) => store.peers(tx))).toEqual([
      peer(a, { outboundAt: 8, pinned: [key("k3")] }),
      peer(b, { pinned: [key("k1")] }),
    ]);
  });

  test("a contact changes the times of a known server, and makes none known", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.savePeer(tx, peer(a, { pinned: [key("k1")] }));
      await store.touch(tx, { domain: a, inboundAt: 11, outboundAt: 12 });
      await store.touch(tx, { domain: b, inboundAt: 11, outboundAt: 12 });
    });
    expect(await database.read((tx) => store.peers(tx))).toEqual([
      peer(a, { inboundAt: 11, outboundAt: 12, pinned: [key("k1")] }),
    ]);
  });

  test("how far signatures went stays with a known server, whatever else is written of it", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.savePeer(tx, peer(a));
      await store.noteSigned(tx, a, 13);
      await store.noteSigned(tx, b, 13);
      await store.savePeer(tx, peer(a, { frozenAt: 7 }));
    });
    expect(await database.read((tx) => store.peers(tx))).toEqual([
      peer(a, { frozenAt: 7, signedUntil: 13 }),
    ]);
  });

  test("a server that is deleted is gone with its keys", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.savePeer(tx, peer(a, { pinned: [key("k1")] }));
      await store.savePeer(tx, peer(b, { pinned: [key("k1")] }));
      await store.deletePeer(tx, a);
      await store.savePeer(tx, peer(a));
    });
    expect(await database.read((tx) => store.peers(tx))).toEqual([
      peer(a),
      peer(b, { pinned: [key("k1")] }),
    ]);
  });

  test("a subject has one rule, the last; deleting says whether there was one", async () => {
    const { database, store } = await open();
    const rules = () => database.read((tx) => store.rules(tx));
    const wild = rule("*.a.example", { action: "limit", perMinute: 3 });
    await database.transaction(async (tx) => {
      await store.putRule(tx, rule(b));
      await store.putRule(tx, rule(a, { expiresAt: 9 }));
      await store.putRule(tx, wild);
      await store.putRule(tx, rule(b, { action: "allow", reason: "after all" }));
    });
    expect(await rules()).toEqual([
      wild,
      rule(a, { expiresAt: 9 }),
      rule(b, { action: "allow", reason: "after all" }),
    ]);
    expect(await database.transaction((tx) => store.deleteRule(tx, a))).toBe(true);
    expect(await database.transaction((tx) => store.deleteRule(tx, a))).toBe(false);
    expect(await rules()).toHaveLength(2);
  });

  test("rules that are over go, and those without an end stay", async () => {
    const { database, store } = await open();
    await database.transaction(async (tx) => {
      await store.putRule(tx, rule(a, { expiresAt: 9 }));
      await store.putRule(tx, rule(b));
    });
    const remove = (at: number) => database.transaction((tx) => store.deleteExpiredRules(tx, at));
    expect([await remove(8), await remove(9), await remove(10)]).toEqual([0, 1, 0]);
    expect(await database.read((tx) => store.rules(tx))).toEqual([rule(b)]);
  });
}

const a = parseDomain("a.example");
const b = parseDomain("b.example");

function peer(domain: StoredPeer["domain"], change: Partial<StoredPeer> = {}): StoredPeer {
  return {
    domain,
    firstSeenAt: 1,
    inboundAt: undefined,
    outboundAt: undefined,
    frozenAt: undefined,
    signedUntil: undefined,
    pinned: [],
    offered: [],
    ...change,
  };
}

function key(kid: string, change: Partial<PeerKey> = {}): PeerKey {
  const octets = new Uint8Array(32).fill(kid.charCodeAt(1));
  return { kid, key: octets, notBefore: 2, expires: undefined, seenAt: 3, ...change };
}

function rule(subject: Rule["subject"] | "*.a.example", change: Partial<Rule> = {}): Rule {
  return {
    subject: subject === "*.a.example" ? `*.${a}` : subject,
    action: "deny",
    perMinute: undefined,
    reason: "",
    createdAt: 4,
    expiresAt: undefined,
    ...change,
  };
}
