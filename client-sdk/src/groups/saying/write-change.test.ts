import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type Bytes,
  type ClientUri,
  mintClientUri,
  mintRoomUri,
  parseDomain,
  userOfClient,
  userUri,
} from "@treehouse/protocol";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import {
  composeDeletion,
  composeEdit,
  composePin,
  composePoll,
  composeReaction,
  composeText,
  composeVote,
  createReader,
} from "../../messages/index.ts";
import { type LocalStore, openLocalStore } from "../../storage/index.ts";
import { openSqlite } from "../../storage-sqlite/index.ts";
import { changesPerUserMax, pinsMax, pinsOf, writeChange, type Written } from "./write-change.ts";

const random = (length: number): Bytes => new Uint8Array(randomBytes(length));
const domain = parseDomain("example.org");
const directory = mkdtempSync(join(tmpdir(), "treehouse-changes-"));
const reader = createReader({
  profile: () => () => undefined,
  status: () => () => undefined,
  grant: () => () => undefined,
});
const lifetimes = {
  isGone: () => false,
  told: () => undefined,
  noted: () => undefined,
  erased: () => undefined,
};

let store: LocalStore;
let room = mintRoomUri(domain, random);
let position = 0;

beforeAll(async () => {
  store = await openLocalStore(openSqlite(join(directory, "store")), random(32), random);
});

beforeEach(() => {
  room = mintRoomUri(domain, random);
});

afterAll(async () => {
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});

const client = (name: string): ClientUri => mintClientUri(userUri(domain, name), random);
const placeOf = (sender: ClientUri) => ({ room, sender: userOfClient(sender), random });

/** Takes in what a client has sent, where everything is permitted. */
async function take(
  sender: ClientUri,
  ...contents: readonly Bytes[]
): Promise<readonly (Written | "shown")[]> {
  return store.transaction((tx) =>
    contents.map((plaintext) => {
      const read = reader.read({ room, sender, plaintext, acceptedAt: 1 });
      position += 1;
      const row = { room, position, acceptedAt: 1, messageId: read.messageId, body: read.body };
      if (read.change === undefined) {
        tx.messages.append({ ...row, kind: "content", what: read.what }, true);
        return "shown";
      }
      const by = { user: userOfClient(sender), may: () => true };
      return writeChange({ reader, lifetimes }, tx, row, { change: read.change, by });
    }),
  );
}

test("one user's flood of reactions is cut off, and all others still have theirs", async () => {
  const [alice, bob, carol] = [client("alice"), client("bob"), client("carol")];
  const { id, content } = composeText(placeOf(alice), { text: "react!" });
  await take(alice, content);
  const count = changesPerUserMax + 5;
  const emojis = Array.from({ length: count }, (_, index) => String.fromCodePoint(0x1f400 + index));
  const said = emojis.map((emoji) => composeReaction(placeOf(bob), id, emoji).content);
  const written = await take(bob, ...said);
  expect(written.filter((one) => one === "written")).toHaveLength(changesPerUserMax);
  expect(written.slice(changesPerUserMax)).toEqual(Array.from({ length: 5 }, () => "full"));
  expect(await take(carol, composeReaction(placeOf(carol), id, "🙂").content)).toEqual(["written"]);
});

test("FED-835 a vote takes the place of the one before, and only so many of a user are read", async () => {
  const [alice, bob] = [client("alice"), client("bob")];
  const poll = { question: "?", options: ["a", "b"], multiple: false, anonymous: false };
  const { id, content } = composePoll(placeOf(alice), { poll });
  await take(alice, content);
  const votes = Array.from(
    { length: changesPerUserMax + 1 },
    (_, index) => composeVote(placeOf(bob), id, [index % 2]).content,
  );
  const written = await take(bob, ...votes);
  expect(written.at(-2)).toBe("written");
  expect(written.at(-1)).toBe("full");
  const kept = await store.transaction((tx) => tx.messages.changesOf(room, id));
  expect(kept).toHaveLength(1);
  expect(await take(bob, composeVote(placeOf(bob), id, [2]).content)).toEqual(["nothing"]);
  expect(await take(alice, composeVote(placeOf(alice), id, [1]).content)).toEqual(["written"]);
});

test("FED-833 a room has so many pins and no more", async () => {
  const alice = client("alice");
  for (let index = 0; index <= pinsMax; index += 1) {
    const { id, content } = composeText(placeOf(alice), { text: String(index) });
    const [, written] = await take(alice, content, composePin(placeOf(alice), id, true).content);
    expect(written).toBe(index < pinsMax ? "written" : "full");
  }
  const [first] = await store.transaction((tx) => pinsOf(tx, room));
  const unpin = composePin(placeOf(alice), first?.target ?? "", false).content;
  // Said once more it is neither an error nor a second row.
  expect(await take(alice, unpin, unpin)).toEqual(["written", "nothing"]);
  expect(await store.transaction((tx) => pinsOf(tx, room))).toHaveLength(pinsMax - 1);
});

test("R-052 a message that is deleted goes with what others have told of it, which never counted", async () => {
  const [alice, bob] = [client("alice"), client("bob")];
  const { id, content } = composeText(placeOf(alice), { text: "deleted" });
  const edit = composeEdit(placeOf(alice), { id, original: content, text: "a canary" });
  await take(alice, content);
  const { body, messageId } = reader.read({
    room,
    sender: alice,
    plaintext: edit.content,
    acceptedAt: 1,
  });
  const told = { toldBy: userOfClient(bob), hearsay: true, target: id, messageId, body } as const;
  const row = { room, position: 0, acceptedAt: 1, kind: "change", ...told } as const;
  expect(await store.transaction((tx) => tx.messages.append(row, true))).toBe(true);
  expect(await take(alice, composeDeletion(placeOf(alice), id).content)).toEqual(["written"]);
  const left = await store.transaction((tx) => tx.messages.byId(room, messageId));
  expect(left).toMatchObject({ kind: "withdrawn", body: reader.emptied(body) });
});
