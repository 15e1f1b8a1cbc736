import { type HistoryRow, userOfClient } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import {
  alice,
  archived,
  bob,
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
import { type HistoryContext, readArchive } from "./index.ts";
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

test("R-052 a deletion that a store of before holds as hearsay keeps the message away", async () => {
  const [one, old] = [await historians.client(), await historians.client()];
  const message = text("the-canary");
  await said(one, 1, message);
  const { id, content } = composeDeletion(placeOf(), message.id);
  await said(old, 2, { id, content }, bob, { toldBy: alice, hearsay: true });
  await readArchive(old, await archived(one));
  expect(await toldIn(old)).toEqual([]);
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

/** A row of Bob's, by Mallory's word. */
function tell(
  { store }: HistoryContext,
  position: number,
  { id, content }: Composed,
  target?: string,
) {
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
  const by = userOfClient(mallory);
  return store.transaction((tx) => takeRow(tx, { self: alice, by, now: start }, room, told));
}

test("T-14 a member's word brings no deletions, and changes nothing that was received", async () => {
  const client = await historians.client();
  const received = text("received");
  await said(client, 10, received);
  const edit = { id: received.id, original: received.content, text: "forged" };
  const deletion = composeDeletion(placeOf(), received.id);
  expect(await tell(client, 1, composeEdit(placeOf(), edit), received.id)).toBe("refused");
  expect(await tell(client, 2, deletion, received.id)).toBe("refused");
  const old = text("before my time");
  expect(await tell(client, 3, old)).toBe("added");
  expect(await tell(client, 4, composeReaction(placeOf(), old.id, "👍"), old.id)).toBe("added");
  expect(await toldIn(client)).toEqual([
    "3 bob@a.example before my time👍",
    "10 bob@a.example received",
  ]);
  const [row] = await client.store.transaction((tx) => tx.messages.page(room, undefined, 10));
  expect(row && itemOf({ ...row, changes: [] })).toMatchObject({ toldBy: "mallory@a.example" });
});

test("T-04 FED-1060 no member's word waits for a message that comes in another way", async () => {
  const real = text("Pay 10 to Bob");
  const edit = { id: real.id, original: real.content, text: "Pay 10000 to Mallory" };
  const own = await historians.client();
  await said(own, 9, real);
  const pieces = await archived(own);
  const ways = [
    (client: HistoryContext) => said(client, 9, real),
    (client: HistoryContext) => readArchive(client, pieces),
  ];
  for (const comes of ways) {
    const client = await historians.client();
    expect(await tell(client, 2, composeEdit(placeOf(), edit), real.id)).toBe("refused");
    const like = composeReaction(placeOf(), real.id, "👍");
    expect(await tell(client, 3, like, real.id)).toBe("refused");
    await comes(client);
    expect(await toldIn(client)).toEqual(["9 bob@a.example Pay 10 to Bob"]);
  }
});

test("T-04 FED-1060 what a member told of a message goes when the client receives it itself", async () => {
  const client = await historians.client();
  const [real, other] = [text("Pay 10 to Bob"), text("Pay 10 to Eve")];
  for (const [position, { id, content }] of [real, other].entries()) {
    expect(await tell(client, 9 + position, { id, content })).toBe("added");
    const edit = composeEdit(placeOf(), { id, original: content, text: "Pay 10000 to Mallory" });
    expect(await tell(client, 19 + position, edit, id)).toBe("added");
  }
  expect(await toldIn(client)).toEqual([
    "9 bob@a.example Pay 10000 to Mallory",
    "10 bob@a.example Pay 10000 to Mallory",
  ]);
  // One is received, and in the other one's place something else.
  const received = text("received");
  for (const [position, message] of [real, received].entries()) {
    expect(await said(client, 9 + position, message)).toBe(true);
  }
  expect(await toldIn(client)).toEqual([
    "9 bob@a.example Pay 10 to Bob",
    "10 bob@a.example received",
  ]);
  const left = await client.store.transaction((tx) =>
    [real, other].flatMap(({ id }) => tx.messages.allChangesOf(room, id)),
  );
  expect(left).toEqual([]);
});

test("what the user's own clients tell of a received message counts", async () => {
  const one = await historians.client();
  const other = await historians.client();
  const message = text("first");
  for (const client of [one, other]) await said(client, 1, message);
  const edit = { id: message.id, original: message.content, text: "1st" };
  await said(one, 2, composeEdit(placeOf(), edit));
  await readArchive(other, await archived(one));
  expect(await toldIn(other)).toEqual(["1 bob@a.example 1st"]);
});
