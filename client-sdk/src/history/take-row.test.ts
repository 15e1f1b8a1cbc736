import { type HistoryRow, userUri } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import {
  alice,
  archived,
  bob,
  domain,
  Historians,
  mallory,
  placeOf,
  random,
  room,
  said,
  start,
  text,
  toldIn,
} from "../../test/world/historians.ts";
import {
  type Composed,
  composeDeletion,
  composeEdit,
  composeReaction,
  composeUnlike,
  itemOf,
} from "../messages/index.ts";
import { readArchive } from "./index.ts";
import { segmentsOf } from "./segments.ts";
import { takeRow } from "./take-row.ts";

let historians: Historians;
beforeEach(() => {
  historians = new Historians();
});
afterEach(() => historians[Symbol.asyncDispose]());

test("R-058 FED-1060 what a client receives itself takes the place of what it was told", async () => {
  const one = await historians.client();
  const other = await historians.client();
  const message = text("hello");
  await said(one, 1, message);
  await said(one, 2, text("told at another's place"));
  await readArchive(other, await archived(one));
  const received = text("really there");
  expect(await said(other, 1, message, bob, { handled: false })).toBe(true);
  expect(await said(other, 1, message)).toBe(false);
  expect(await said(other, 2, received)).toBe(true);
  const rows = await other.store.transaction((tx) => tx.messages.page(room, undefined, 10));
  expect(rows.map(({ toldBy, messageId }) => [toldBy, messageId])).toEqual([
    [undefined, message.id],
    [undefined, received.id],
  ]);
  expect(await other.store.transaction((tx) => tx.messages.unhandled(0, 10))).toHaveLength(1);
  await readArchive(other, await archived(one));
  expect(await other.store.transaction((tx) => tx.messages.page(room, undefined, 10))).toEqual(
    rows,
  );
});

test("R-052 R-058 a text that was taken back is in no archive, and no archive brings it back", async () => {
  const one = await historians.client();
  const message = text("the-canary");
  const liked = composeReaction(placeOf(mallory), message.id, "👍");
  await said(one, 1, message);
  await said(one, 2, liked, mallory);
  const before = await archived(one);
  const deletion = composeDeletion(placeOf(), message.id);
  const unliked = composeUnlike(placeOf(mallory), { reaction: liked.id, id: message.id });

  // Each order in which a client can hear of message, deletion and archive.
  const late = await historians.client();
  await said(late, 3, deletion);
  await said(late, 4, unliked, mallory);
  await readArchive(late, before);
  const early = await historians.client();
  await readArchive(early, before);
  await said(one, 3, deletion);
  await readArchive(early, await archived(late));
  for (const client of [late, early]) {
    await readArchive(client, before);
    expect(await toldIn(client)).toEqual([]);
    const shown = await client.store.transaction((tx) => tx.messages.page(room, undefined, 10));
    expect(shown.map(({ kind }) => kind)).toEqual(["deleted"]);
    for await (const { segment } of segmentsOf(client, { from: 0, to: Number.MAX_SAFE_INTEGER })) {
      expect(segment.rows.map(({ body }) => new TextDecoder().decode(body)).join()).not.toContain(
        "canary",
      );
    }
  }
});

test("R-052 somebody else's deletion of a message takes nothing away at an import", async () => {
  const one = await historians.client();
  const other = await historians.client();
  const message = text("stays");
  await said(one, 1, message);
  await said(other, 2, composeDeletion(placeOf(mallory), message.id), mallory);
  await readArchive(other, await archived(one));
  expect(await toldIn(other)).toEqual(["1 bob@a.example stays"]);
});

test("a row that is not what it says is left out, and the others come in", async () => {
  const one = await historians.client();
  const good = text("good");
  const other = text("other");
  const row = (part: Partial<HistoryRow>): HistoryRow => ({
    kind: "content",
    room: 0,
    position: 1,
    acceptedAt: start,
    sender: bob,
    messageId: Uint8Array.from(Buffer.from(good.id, "hex")),
    target: undefined,
    body: good.content,
    ...part,
  });
  const teller = { self: alice, by: alice, now: start };
  const rows: readonly (readonly [string, Partial<HistoryRow>])[] = [
    ["refused", { sender: mallory }],
    ["refused", { body: other.content }],
    ["refused", { kind: "change", target: random(32) }],
    ["refused", { acceptedAt: start, body: random(80) }],
    ["refused", { kind: "event", sender: undefined, messageId: undefined, body: random(9) }],
    ["added", {}],
    ["known", {}],
    ["known", { position: 2 }],
  ];
  for (const [expected, part] of rows) {
    expect(await one.store.transaction((tx) => takeRow(tx, teller, room, row(part)))).toBe(
      expected,
    );
  }
});

test("T-14 a member's word brings no deletions, and changes nothing that was received", async () => {
  const client = await historians.client();
  const received = text("received");
  await said(client, 10, received);
  const by = userUri(domain, "mallory");
  const tell = (position: number, { id, content }: Composed, target?: string) => {
    const told: HistoryRow = {
      kind: target === undefined ? "content" : "change",
      room: 0,
      position,
      acceptedAt: start + position,
      sender: bob,
      messageId: Uint8Array.from(Buffer.from(id, "hex")),
      target: target === undefined ? undefined : Uint8Array.from(Buffer.from(target, "hex")),
      body: content,
    };
    return client.store.transaction((tx) =>
      takeRow(tx, { self: alice, by, now: start }, room, told),
    );
  };
  const edit = { id: received.id, original: received.content, text: "forged" };
  expect(await tell(1, composeEdit(placeOf(), edit), received.id)).toBe("refused");
  expect(await tell(2, composeDeletion(placeOf(), received.id), received.id)).toBe("refused");
  const old = text("before my time");
  expect(await tell(3, old)).toBe("added");
  expect(await tell(4, composeReaction(placeOf(), old.id, "👍"), old.id)).toBe("added");
  expect(await toldIn(client)).toEqual([
    "3 bob@a.example before my time👍",
    "10 bob@a.example received",
  ]);
  const [row] = await client.store.transaction((tx) => tx.messages.page(room, undefined, 10));
  expect(row && itemOf({ ...row, changes: [] })).toMatchObject({ toldBy: "mallory@a.example" });
});
