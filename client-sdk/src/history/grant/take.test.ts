import {
  type ClientUri,
  fromHex,
  type HistoryGrant,
  type HistoryRow,
  userOfClient,
} from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import {
  alice,
  assetLink,
  bob,
  clientOf,
  grantOf,
  Historians,
  mallory,
  placeOf,
  random,
  room,
  start,
  text,
  toldIn,
  toldRow,
} from "../../../test/world/historians.ts";
import { noteJoined } from "../../groups/index.ts";
import { composeEdit } from "../../messages/index.ts";
import type { HistoryContext } from "../index.ts";
import type { GrantPorts } from "./ports.ts";
import { keepGrant, pendingGrants, takeGrant } from "./take.ts";

const dayMs = 86_400_000;
const joined = { position: 100, acceptedAt: start + 10 * dayMs };

let historians: Historians;
let client: HistoryContext;
beforeEach(async () => {
  historians = new Historians();
  client = await historians.client();
  await client.store.transaction((tx) => noteJoined(tx, room, joined));
});
afterEach(() => historians[Symbol.asyncDispose]());

const row = (position: number, acceptedAt: number, words: string): HistoryRow =>
  toldRow(position, acceptedAt, text(words));

const granted = (rows: readonly HistoryRow[], part: Partial<HistoryGrant> = {}) =>
  grantOf([rows], { to: [alice], position: joined.position, ...part });

const portsOf = (days: number, clients: readonly ClientUri[]): GrantPorts => ({
  assets: {
    upload: () => Promise.reject(new Error("nothing is uploaded")),
    open: () => {
      throw new Error("nothing is fetched");
    },
  },
  client: bob,
  granting: () => Promise.resolve({ days, clients }),
  send: () => Promise.reject(new Error("nothing is sent")),
  later: () => undefined,
  life: new AbortController().signal,
});

const kept = (grant: HistoryGrant, user = userOfClient(mallory)) =>
  client.store.transaction((tx) => keepGrant(tx, client, { room, user, grant }));

test("FED-1072 T-14 nothing from after one came, or from before what is granted, is taken", async () => {
  const at = joined.acceptedAt;
  const rows = [
    row(1, at - 5 * dayMs, "too old"),
    row(2, at - 2 * dayMs, "granted"),
    row(3, at, "at the very moment"),
    row(99, at + 1, "later by its time"),
    row(101, at + 2, "later by its place"),
  ];
  expect(await kept(granted(rows))).toBe(true);
  await takeGrant(client, portsOf(3, [mallory]), room);
  expect(await toldIn(client)).toEqual([
    "2 bob@a.example granted",
    "3 bob@a.example at the very moment",
  ]);
  const rowsHere = await client.store.transaction((tx) => tx.messages.page(room, undefined, 9));
  expect(rowsHere.map(({ toldBy }) => toldBy)).toEqual(rowsHere.map(() => userOfClient(mallory)));
  // Nobody gets a second word.
  expect(await kept(granted([row(4, at - dayMs, "more")]))).toBe(false);
});

test("FED-1072 an unasked grant, and one by somebody who may not, is passed over", async () => {
  const rows = [row(2, joined.acceptedAt - dayMs, "unasked")];
  expect(await kept(granted(rows, { to: [userOfClient(bob)] }))).toBe(false);
  expect(await kept(granted(rows, { position: 99 }))).toBe(false);
  expect(await kept(granted(rows), alice)).toBe(false);
  for (const ports of [portsOf(0, [mallory]), portsOf(3, [bob])]) {
    const other = await historians.client();
    await other.store.transaction((tx) => {
      noteJoined(tx, room, joined);
      keepGrant(tx, other, { room, user: userOfClient(mallory), grant: granted(rows) });
    });
    await takeGrant(other, ports, room);
    expect(await toldIn(other)).toEqual([]);
  }
});

test("FED-1072 a piece that does not open, or is an asset of elsewhere, is left out", async () => {
  const good = granted([row(2, joined.acceptedAt - dayMs, "good")]);
  const [piece] = good.pieces;
  if (piece === undefined) throw new Error("a grant without a piece");
  const pieces = [piece, piece, { kind: "asset", link: "no link" }] as const;
  expect(await kept({ ...good, pieces })).toBe(true);
  await takeGrant(client, portsOf(3, [mallory]), room);
  expect(await toldIn(client)).toEqual(["2 bob@a.example good"]);
});

test("FED-1071 FED-1072 an edit in a newer piece finds its message in an older one", async () => {
  const message = text("frist");
  const edit = composeEdit(placeOf(), { id: message.id, original: message.content, text: "first" });
  const at = joined.acceptedAt - dayMs;
  const target = fromHex(message.id);
  const change = { ...toldRow(3, at + 1, edit), kind: "change", target } as const;
  const grant = grantOf([[change], [toldRow(2, at, message)]], { to: [alice], position: 100 });
  expect(await kept(grant)).toBe(true);
  await takeGrant(client, portsOf(3, [mallory]), room);
  expect(await toldIn(client)).toEqual(["2 bob@a.example first"]);
});

test("FED-1072 where a grant brings nothing that can be used the next one is taken", async () => {
  const good = granted([row(2, joined.acceptedAt - dayMs, "good")]);
  const useless: readonly (readonly [ClientUri, HistoryGrant])[] = [
    [mallory, { ...good, key: random(32) }],
    [clientOf("eve"), good],
    [clientOf("trudy"), granted([row(101, joined.acceptedAt, "later")])],
    [clientOf("aaron"), { ...good, pieces: [{ kind: "asset", link: assetLink }] }],
  ];
  const everybody = [...useless.map(([by]) => by), bob];
  const ports = portsOf(
    3,
    everybody.filter((by) => !by.includes("eve")),
  );
  expect(await kept({ ...good, pieces: [] })).toBe(false);
  expect(await kept({ ...good, to: [alice, userOfClient(mallory)] })).toBe(false);
  for (const [by, grant] of useless) expect(await kept(grant, userOfClient(by))).toBe(true);
  await expect(takeGrant(client, ports, room)).rejects.toThrow("nothing is fetched");
  expect(await toldIn(client)).toEqual([]);
  // Nobody gets a second word, and whom the network keeps back does not keep the others back.
  expect(await kept(good)).toBe(false);
  expect(await kept(good, userOfClient(bob))).toBe(true);
  await takeGrant(client, ports, room);
  expect(await toldIn(client)).toEqual(["2 bob@a.example good"]);
  expect(await pendingGrants(client)).toEqual([]);
});
