import { mintRoomUri, parseDomain, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { parseQuery } from "../search/index.ts";
import { openLocalStore, type SqlDatabase } from "./index.ts";
import { bytesOf } from "./port.ts";

/** Where an engine keeps its databases during the contract. */
export type EngineWorld = {
  open(name: string): Promise<SqlDatabase>;
  /** All octets that it keeps; absent where nothing outlives `close`. */
  readonly octets?: (name: string) => Promise<readonly Uint8Array[]>;
  random(length: number): Uint8Array<ArrayBuffer>;
};

let names = 0;

/** How every engine of `SqlDatabase` behaves, and the local store over it. */
export function engineContract(world: EngineWorld): void {
  const room = mintRoomUri(parseDomain("example.org"), world.random);
  const key = world.random(32);
  const freshName = () => `contract-${(names += 1)}`;
  const openAt = async (name: string, sealedUnder = key) =>
    openLocalStore(await world.open(name), sealedUnder, world.random);
  const open = () => openAt(freshName());
  if (world.octets !== undefined) whatOutlives(world, world.octets, openAt, freshName);

  test("values of all kinds come back as they were put", async () => {
    const database = await world.open(freshName());
    const values = [0, -1, 2 ** 31, 2 ** 53 - 1, 0.5, "", "a\0b", "会議 🌳", null] as const;
    const bytes = world.random(70_000);
    await database.transaction((tx) => {
      tx.run("CREATE TABLE kinds (serial INTEGER PRIMARY KEY, value)");
      for (const value of [...values, new Uint8Array(), bytes]) {
        tx.run("INSERT INTO kinds (value) VALUES (?)", value);
      }
      const rows = tx.all("SELECT value FROM kinds ORDER BY serial");
      expect(rows.slice(0, values.length).map((row) => row["value"])).toEqual([...values]);
      const found = rows.slice(values.length).map((row) => bytesOf(row, "value"));
      expect(found).toEqual([new Uint8Array(), bytes]);
      expect(tx.run("UPDATE kinds SET value = 1 WHERE serial < 4").changes).toBe(3);
      expect(tx.run("INSERT INTO kinds (value) VALUES (1)").lastId).toBe(values.length + 3);
    });
    await database.close();
  });

  test("a closure that throws leaves nothing behind, and nothing is asked after the end", async () => {
    const store = await open();
    const failing = store.transaction((tx) => {
      tx.settings.put("half", new Uint8Array(1));
      throw new Error("in the middle");
    });
    await expect(failing).rejects.toThrow("in the middle");
    expect(await store.transaction((tx) => tx.settings.get("half"))).toBeUndefined();
    await store.close();
    await store.close();
    await expect(store.transaction(() => 1)).rejects.toMatchObject({ code: "closed" });
  });

  test("a statement that fails is the engine's fault, and the next one is taken", async () => {
    const database = await world.open(freshName());
    const failing = database.transaction((tx) => tx.all("SELECT nothing FROM nowhere"));
    await expect(failing).rejects.toMatchObject({ code: "storeDamaged" });
    expect(await database.transaction((tx) => tx.all("SELECT 1 AS one"))).toEqual([{ one: 1 }]);
    await database.close();
  });

  test("a statement that was asked wrongly says nothing against the file", async () => {
    const database = await world.open(freshName());
    const asked = (limit: number) =>
      database.transaction((tx) => tx.all("SELECT 1 LIMIT ?", limit));
    for (const limit of [1.5, Number.NaN]) {
      const failed = await asked(limit).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(Error);
      expect(failed).not.toMatchObject({ code: "storeDamaged" });
    }
    await database.close();
  });

  test("a full store is told as such, and nothing of the transaction stays", async () => {
    const database = await world.open(freshName());
    const store = await openLocalStore(database, key, world.random);
    const [size] = await database.transaction((tx) => tx.all("PRAGMA page_count"));
    const pages = Number(size?.["page_count"]) + 20;
    await database.transaction((tx) => tx.all(`PRAGMA max_page_count = ${pages}`));
    const filling = store.transaction((tx) => {
      tx.settings.put("small", new Uint8Array(1));
      tx.settings.put("large", new Uint8Array(1_000_000));
    });
    await expect(filling).rejects.toMatchObject({ code: "storeFull" });
    expect(await store.transaction((tx) => tx.settings.get("small"))).toBeUndefined();
    await store.transaction((tx) => tx.settings.put("small", new Uint8Array(1)));
    await store.close();
  });

  test("the full-text index finds words of any script, and nothing that was erased", async () => {
    const store = await openLocalStore(await world.open(freshName()), key, world.random, {
      describe: ({ body }) => ({ texts: [utf8Decode(body)], facets: [] }),
      alters: () => true,
    });
    const texts = ["the budget of Köln", "明日の会議", "ภาษาไทย", "the bud of a rose"];
    await store.transaction((tx) => {
      for (const [at, text] of texts.entries()) {
        const body = utf8Encode(text);
        const place = { room, position: at + 1, messageId: `m${at}`, acceptedAt: at };
        tx.messages.append({ ...place, kind: "content", body }, true);
      }
      tx.messages.erase({ room, position: 1 }, "deleted", new Uint8Array());
    });
    const find = (query: string, order: "newest" | "best") =>
      store.transaction((tx) => {
        const { terms, since, until } = parseQuery(query, { now: 0, timeZone: "UTC" });
        const page = { terms, facets: [], since, until, order, after: undefined, limit: 10 };
        return tx.search.find(page).map(({ serial }) => serial);
      });
    for (const order of ["newest", "best"] as const) {
      expect(await find("koln", order)).toEqual([]);
      expect(await find("bud", order)).toEqual([4]);
      expect(await find("会議", order)).toEqual([2]);
      expect(await find("ไทย", order)).toEqual([3]);
      expect(await find("-rose", order)).toHaveLength(2);
    }
    await store.close();
  });

  test("an intent keeps its request until it is reset, and is found by what the stream echoes", async () => {
    const store = await open();
    await store.transaction((tx) => {
      const serial = tx.intents.add({ room, kind: "add", createdAt: 5, body: Uint8Array.of(1) });
      expect(tx.intents.get(serial)).toMatchObject({ status: "waiting", request: undefined });
      tx.intents.submit(serial, Uint8Array.of(2, 3), "aa");
      const submitted = tx.intents.byHash(room, "aa");
      expect(submitted).toMatchObject({ serial, status: "submitted", createdAt: 5 });
      expect(submitted?.request).toEqual(Uint8Array.of(2, 3));
      tx.intents.accept(serial, { position: 7, acceptedAt: 8 });
      expect(tx.intents.get(serial)).toMatchObject({
        status: "accepted",
        accepted: { position: 7, acceptedAt: 8 },
      });
      tx.intents.reset(serial);
      expect(tx.intents.byHash(room, "aa")).toBeUndefined();
      expect(tx.intents.get(serial)).toMatchObject({
        status: "waiting",
        request: undefined,
        accepted: undefined,
      });
      const later = tx.intents.add({ room, kind: "send", createdAt: 6, body: Uint8Array.of(9) });
      expect(tx.intents.list().map((intent) => intent.serial)).toEqual([serial, later]);
      tx.intents.delete(serial);
      tx.intents.delete(later);
      // Serial numbers are never used twice: a waiter of before must not get the end of another.
      const next = tx.intents.add({ room, kind: "send", createdAt: 7, body: Uint8Array.of(9) });
      expect(next).toBeGreaterThan(later);
    });
    await store.close();
  });

  test("what is added first comes before all that there is, and its number is new", async () => {
    const store = await open();
    await store.transaction((tx) => {
      const row = { room, kind: "send", createdAt: 5, body: Uint8Array.of(1) } as const;
      const added = tx.intents.add(row);
      const second = tx.intents.addFirst(row);
      const first = tx.intents.addFirst({ ...row, body: Uint8Array.of(2) });
      expect(tx.intents.list(room).map(({ serial }) => serial)).toEqual([first, second, added]);
      expect(tx.intents.next(room, new Set())?.body).toEqual(Uint8Array.of(2));
      tx.intents.delete(first);
      expect([first, second, added]).not.toContain(tx.intents.addFirst(row));
    });
    await store.close();
  });

  test("a message id is stored once per room, whatever position it comes at", async () => {
    const store = await open();
    const message = (position: number, messageId: string) =>
      ({
        room,
        position,
        messageId,
        kind: "content",
        acceptedAt: 1,
        body: Uint8Array.of(1),
      }) as const;
    await store.transaction((tx) => {
      expect(tx.messages.append(message(1, "a"), false)).toBe(true);
      expect(tx.messages.append(message(2, "a"), false)).toBe(false);
      expect(tx.messages.append(message(3, "b"), false)).toBe(true);
      expect(tx.messages.page(room, undefined, 10).map(({ position }) => position)).toEqual([1, 3]);
      expect(tx.messages.page(room, 3, 10).map(({ position }) => position)).toEqual([1]);
      const [first] = tx.messages.unhandled(0, 10);
      tx.messages.markHandled(first?.serial ?? 0);
      expect(tx.messages.unhandled(0, 10).map(({ position }) => position)).toEqual([3]);
    });
    await store.close();
  });

  test("what was sent again is found by where it was taken last, and keeps its place", async () => {
    const store = await open();
    const base = { room, kind: "content", acceptedAt: 1, body: Uint8Array.of(1) } as const;
    await store.transaction((tx) => {
      tx.messages.append({ ...base, position: 1, messageId: "a" }, true);
      tx.messages.append({ ...base, position: 2, messageId: "b" }, true);
      tx.messages.noteNewest(room, "a", 9);
      tx.messages.noteNewest(room, "a", 7);
      const found = (from: number, to: number) =>
        tx.messages.contentsWithin(room, from, to).map(({ messageId }) => messageId);
      expect(found(9, 10)).toEqual(["a"]);
      expect(found(1, 8)).toEqual(["b"]);
      expect(found(1, 9)).toEqual(["a", "b"]);
      expect(tx.messages.page(room, undefined, 10).map(({ position }) => position)).toEqual([1, 2]);
    });
    await store.close();
  });
}

/** What only an engine can show that keeps anything. */
function whatOutlives(
  world: EngineWorld,
  octets: (name: string) => Promise<readonly Uint8Array[]>,
  openAt: (name: string, key?: Uint8Array<ArrayBuffer>) => ReturnType<typeof openLocalStore>,
  freshName: () => string,
): void {
  const room = mintRoomUri(parseDomain("example.org"), world.random);
  const holds = async (name: string, text: string) => {
    const wanted = latin1(utf8Encode(text));
    return (await octets(name)).some((file) => latin1(file).includes(wanted));
  };

  test("what is stored is there after reopening, and its plaintext is in no file", async () => {
    const name = freshName();
    const secret = "the canary of the store";
    const store = await openAt(name);
    await store.transaction((tx) => {
      tx.settings.put("control", utf8Encode(secret));
      tx.intents.add({ room, kind: "send", createdAt: 1, body: utf8Encode(secret) });
    });
    // The search finds what is stored in the open, so it would find the canary.
    expect([await holds(name, room), await holds(name, secret)]).toEqual([true, false]);
    await store.close();
    expect([await holds(name, room), await holds(name, secret)]).toEqual([true, false]);
    const again = await openAt(name);
    const stored = await again.transaction((tx) => tx.settings.get("control"));
    expect(utf8Decode(stored ?? new Uint8Array())).toBe(secret);
    expect((await again.transaction((tx) => tx.intents.list(room))).length).toBe(1);
    await again.close();
  });

  test("what is deleted is in no file any more, whether it was sealed or not", async () => {
    const name = freshName();
    const store = await openAt(name);
    const serial = await store.transaction((tx) =>
      tx.intents.add({ room, kind: "send", createdAt: 1, body: new Uint8Array(9) }),
    );
    await store.transaction((tx) => tx.intents.delete(serial));
    await store.close();
    expect(await holds(name, room)).toBe(false);
  });

  test("another key, a newer release and a second opener are refused by name", async () => {
    const name = freshName();
    await (await openAt(name)).close();
    const wrong = await world.open(name);
    await expect(openLocalStore(wrong, world.random(32), world.random)).rejects.toMatchObject({
      code: "storeKeyWrong",
    });
    await wrong.close();
    const database = await world.open(name);
    await expect(world.open(name)).rejects.toMatchObject({ code: "storeInUse" });
    await database.transaction((tx) => tx.run("UPDATE schema_version SET version = version + 1"));
    await database.close();
    const newer = await world.open(name);
    await expect(openLocalStore(newer, world.random(32), world.random)).rejects.toMatchObject({
      code: "storeTooNew",
    });
    await newer.close();
  });
}

/** Octets as a text that can be searched, one character each. */
function latin1(bytes: Uint8Array): string {
  return new TextDecoder("latin1").decode(bytes);
}
