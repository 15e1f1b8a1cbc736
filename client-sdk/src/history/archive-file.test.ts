import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import {
  decodeContent,
  encodeContent,
  HISTORY_LIMITS,
  mintRoomUri,
  pad,
  Refusal,
  toHex,
  unpad,
  userUri,
} from "@treehouse/protocol";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";

import {
  alice,
  archived,
  bob,
  domain,
  Historians,
  mallory,
  phone,
  placeOf,
  random,
  room,
  said,
  start,
  text,
  toldIn,
} from "../../test/world/historians.ts";
import { describeRoomEvent } from "../groups/index.ts";
import { composeEdit, composeReaction, composeText, itemOf } from "../messages/index.ts";
import { type HistoryContext, readArchive } from "./index.ts";
import { segmentsOf } from "./segments.ts";

let historians: Historians;
beforeEach(() => {
  historians = new Historians();
});
afterEach(() => historians[Symbol.asyncDispose]());

test("R-058 FED-1064 an archive brings everything to another client, once, and says by whose word", async () => {
  const one = await historians.client();
  const other = await historians.client();
  const first = text("first");
  await said(one, 1, first);
  await said(one, 2, text("mine", phone), phone);
  await said(one, 3, composeReaction(placeOf(mallory), first.id, "👍"), mallory);
  await said(
    one,
    4,
    composeEdit(placeOf(), { id: first.id, original: first.content, text: "1st" }),
  );
  const body = describeRoomEvent({
    kind: "membership",
    epoch: 3,
    by: alice,
    added: [],
    removed: [],
    changed: true,
    changedKeys: [],
    way: "member" as const,
  });
  const event = { room, position: 5, acceptedAt: start + 300_000, messageId: "event 5" } as const;
  await one.store.transaction((tx) => tx.messages.append({ ...event, kind: "event", body }, true));
  const pieces = await archived(one);
  const counts = await readArchive(other, pieces);
  expect(counts).toEqual({ added: 5, known: 0, erased: 0, refused: 0 });
  expect(await toldIn(other)).toEqual(["1 bob@a.example 1st👍", "2 alice@a.example mine"]);
  expect(await readArchive(other, pieces)).toEqual({ added: 0, known: 5, erased: 0, refused: 0 });
  expect(await readArchive(one, pieces)).toEqual({ added: 0, known: 5, erased: 0, refused: 0 });
  const tellers = async ({ store }: HistoryContext) => {
    const rows = await store.transaction((tx) => tx.messages.pageAfter(room, 0, 10));
    return rows
      .map((row) => itemOf({ ...row, changes: [] }))
      .map((item) => "toldBy" in item && item.toldBy);
  };
  expect(await tellers(one)).toEqual([undefined, undefined, false]);
  expect(await tellers(other)).toEqual(["alice@a.example", "alice@a.example", false]);
  const unread = await other.store.transaction((tx) => tx.unread.count(room, 0));
  expect(unread).toEqual({ messages: 1, mentions: 0 });
});

test("what vanishes after reading, or is past its time, leaves no client", async () => {
  const one = await historians.client();
  const seconds = Math.floor(start / 1000);
  const expiring = (words: string, expires: { relative: boolean; seconds: number }) => {
    const content = encodeContent({ ...decodeContent(text(words).content), expires });
    return { id: "", content };
  };
  await said(one, 1, expiring("after reading", { relative: true, seconds: 5 }));
  await said(one, 2, expiring("past", { relative: false, seconds: seconds + 10 }));
  await said(one, 3, expiring("later", { relative: false, seconds: seconds + 86_400 }));
  expect(await toldIn(one)).toEqual(["3 bob@a.example later"]);
  const other = await historians.client();
  expect((await readArchive(other, await archived(one))).added).toBe(1);
  const late = await historians.client(start + 2 * 86_400_000);
  expect(await readArchive(late, await archived(one))).toMatchObject({ added: 0, refused: 1 });
});

test("T-37 FED-1064 an archive that was cut, changed, or is of somebody else is refused", async () => {
  const one = await historians.client();
  const other = await historians.client();
  for (let position = 1; position <= 8; position += 1) {
    await said(one, position, text("x".repeat(60_000)));
  }
  const pieces = await archived(one);
  expect(pieces.length).toBeGreaterThan(3);
  const [header = new Uint8Array(), a = header, b = header, ...rest] = pieces;
  const whole = Buffer.concat(pieces);
  const attempts: readonly (readonly Uint8Array[])[] = [
    pieces.slice(0, -1),
    pieces.slice(0, 2),
    [header],
    [],
    [header, b, a, ...rest],
    [header, a, ...rest],
    [...pieces, ...rest],
    [whole.subarray(0, whole.length - 1)],
    [whole.with(whole.length >> 1, (whole[whole.length >> 1] ?? 0) ^ 1)],
    [new Uint8Array(1000)],
    [random(1000)],
  ];
  for (const attempt of attempts) {
    await expect(readArchive(other, attempt)).rejects.toThrow(Refusal);
  }
  const stranger = { ...other, self: userUri(domain, "bob") };
  await expect(readArchive(stranger, pieces)).rejects.toMatchObject({ code: "identityInvalid" });
  await expect(readArchive({ ...other, dataKey: random(32) }, pieces)).rejects.toMatchObject({
    code: "invalidMessage",
  });
  // However it is cut into pieces.
  const third = await historians.client();
  const crumbs = Array.from({ length: Math.ceil(whole.length / 999) }, (_, at) =>
    whole.subarray(at * 999, at * 999 + 999),
  );
  expect((await readArchive(third, crumbs)).added).toBe(8);
});

test("T-11 FED-1062 pieces of one bucket have one length, and nothing is compressed", () => {
  fc.assert(
    fc.property(fc.nat(200_000), (length) => {
      const padded = pad(new Uint8Array(length).fill(7));
      expect(unpad(padded)).toHaveLength(length);
      const { length: size } = padded;
      expect(size <= 65_536 ? Math.log2(size) % 1 : size % 65_536).toBe(0);
      expect(size).toBeGreaterThanOrEqual(Math.max(4096, length + 4));
    }),
    { numRuns: 10 },
  );
  const lengths = (fill: (at: number) => number) =>
    [0, 1, 4092, 4093, 65_533].map(
      (length) => pad(Uint8Array.from({ length }, (_, at) => fill(at))).length,
    );
  expect(lengths(() => 0)).toEqual([4096, 4096, 4096, 8192, 131_072]);
  expect(lengths((at) => at * 31)).toEqual(lengths(() => 0));
  for (const wrong of [
    new Uint8Array(3),
    new Uint8Array(4096).fill(1),
    pad(new Uint8Array(9)).with(4000, 1),
  ]) {
    expect(() => unpad(wrong)).toThrow(Refusal);
  }
});

test("T-11 archives of as much have one size, whatever was said", async () => {
  const sizes: number[] = [];
  for (const sign of ["a", "ж", "\u{1F600}"]) {
    const client = await historians.client();
    await said(client, 1, text(sign.repeat(500)));
    sizes.push((await archived(client)).reduce((sum, { length }) => sum + length, 0));
  }
  expect(new Set(sizes).size).toBe(1);
});

test("segments are as long as they should be, in either direction, and miss nothing", async () => {
  const client = await historians.client();
  const other = mintRoomUri(domain, random);
  for (let position = 1; position <= 30; position += 1) {
    await said(client, position, text(`${position} ${"x".repeat(30_000)}`));
    const message = composeText(placeOf(bob, other), { text: "y" });
    if (position % 2 === 0) await said(client, position, message, bob, { in: other });
  }
  const all = { from: 0, to: Number.MAX_SAFE_INTEGER };
  const walk = async (newestFirst: boolean, span = all, rooms?: readonly (typeof room)[]) => {
    const found: (readonly string[])[] = [];
    for await (const { segment } of segmentsOf(client, { ...span, newestFirst, rooms })) {
      const bytes = segment.rows.reduce((sum, { body }) => sum + body.length, 0);
      expect(bytes).toBeLessThan(HISTORY_LIMITS.historySegmentBytesWanted + 40_000);
      found.push(segment.rows.map(({ messageId = new Uint8Array() }) => toHex(messageId)));
    }
    return found;
  };
  const [up, down] = [await walk(false), await walk(true)];
  expect(up.length).toBeGreaterThan(3);
  expect(up.flat()).toHaveLength(45);
  expect(down.toReversed().flat()).toEqual(up.flat());
  expect((await walk(false, all, [other])).flat()).toHaveLength(15);
  const span = { from: start + 5 * 60_000, to: start + 9 * 60_000 };
  expect((await walk(true, span, [room])).flat()).toHaveLength(4);
});

test("what an archive holds is nowhere in the open: neither in it nor in the store", async () => {
  const one = await historians.client();
  await said(one, 1, text("the-canary-of-history"));
  const pieces = await archived(one);
  await readArchive(await historians.client(), pieces);
  expect(Buffer.concat(pieces).includes("canary")).toBe(false);
  const files = readdirSync(historians.directory).map((name) =>
    readFileSync(join(historians.directory, name)),
  );
  expect(files.some((content) => content.includes(room))).toBe(true);
  expect(files.some((content) => content.includes("canary"))).toBe(false);
});
