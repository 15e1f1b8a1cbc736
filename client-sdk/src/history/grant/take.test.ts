import {
  type ClientUri,
  type GrantPiece,
  type HistoryGrant,
  type HistoryRow,
  historySegmentCodec,
  userOfClient,
} from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import {
  alice,
  bob,
  Historians,
  mallory,
  placeOf,
  random,
  room,
  start,
  text,
  toldIn,
} from "../../../test/world/historians.ts";
import { noteJoined } from "../../groups/index.ts";
import { type Composed, composeEdit } from "../../messages/index.ts";
import type { HistoryContext } from "../index.ts";
import { sealPiece } from "../piece.ts";
import type { GrantPorts } from "./ports.ts";
import { keepGrant, takeGrant } from "./take.ts";

const dayMs = 86_400_000;
const joined = { position: 100, acceptedAt: start + 10 * dayMs };
const key = random(32);
const id = random(16);

let historians: Historians;
let client: HistoryContext;
beforeEach(async () => {
  historians = new Historians();
  client = await historians.client();
  await client.store.transaction((tx) => noteJoined(tx, room, joined));
});
afterEach(() => historians[Symbol.asyncDispose]());

const octetsOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

function rowOf(position: number, acceptedAt: number, said: Composed) {
  return {
    kind: "content",
    room: 0,
    position,
    acceptedAt,
    sender: bob,
    messageId: octetsOf(said.id),
    target: undefined,
    body: said.content,
  } as const;
}

function row(position: number, acceptedAt: number, words: string): HistoryRow {
  return rowOf(position, acceptedAt, text(words));
}

function pieceOf(rows: readonly HistoryRow[], number = 0): GrantPiece {
  const segment = { rooms: [{ room, template: "group", name: "" }], rows };
  const place = { kind: "grant", owner: room, id, number } as const;
  const sealed = sealPiece(random, key, place, historySegmentCodec.encode(segment));
  return { kind: "inline", sealed };
}

function grantOf(rows: readonly HistoryRow[], part: Partial<HistoryGrant> = {}): HistoryGrant {
  const pieces = [pieceOf(rows)];
  return { to: [alice], position: joined.position, since: 0, id, key, pieces, ...part };
}

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
  expect(await kept(grantOf(rows))).toBe(true);
  await takeGrant(client, portsOf(3, [mallory]), room);
  expect(await toldIn(client)).toEqual([
    "2 bob@a.example granted",
    "3 bob@a.example at the very moment",
  ]);
  const rowsHere = await client.store.transaction((tx) => tx.messages.page(room, undefined, 9));
  expect(rowsHere.map(({ toldBy }) => toldBy)).toEqual(rowsHere.map(() => userOfClient(mallory)));
  // Nobody gets a second word.
  expect(await kept(grantOf([row(4, at - dayMs, "more")]))).toBe(false);
});

test("FED-1072 an unasked grant, and one by somebody who may not, is passed over", async () => {
  const rows = [row(2, joined.acceptedAt - dayMs, "unasked")];
  expect(await kept(grantOf(rows, { to: [userOfClient(bob)] }))).toBe(false);
  expect(await kept(grantOf(rows, { position: 99 }))).toBe(false);
  expect(await kept(grantOf(rows), alice)).toBe(false);
  for (const ports of [portsOf(0, [mallory]), portsOf(3, [bob])]) {
    const other = await historians.client();
    await other.store.transaction((tx) => {
      noteJoined(tx, room, joined);
      keepGrant(tx, other, { room, user: userOfClient(mallory), grant: grantOf(rows) });
    });
    await takeGrant(other, ports, room);
    expect(await toldIn(other)).toEqual([]);
  }
});

test("FED-1072 a piece that does not open, or is an asset of elsewhere, is left out", async () => {
  const good = grantOf([row(2, joined.acceptedAt - dayMs, "good")]);
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
  const edited = rowOf(3, at + 1, edit);
  const change = { ...edited, kind: "change", target: octetsOf(message.id) } as const;
  const pieces = [pieceOf([change]), pieceOf([rowOf(2, at, message)], 1)];
  expect(await kept(grantOf([], { pieces }))).toBe(true);
  await takeGrant(client, portsOf(3, [mallory]), room);
  expect(await toldIn(client)).toEqual(["2 bob@a.example first"]);
});
