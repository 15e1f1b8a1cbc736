import {
  type CapabilityName,
  nameOf,
  parseRoomUri,
  parseUserUri,
  userOfClient,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  composeDeletion,
  type Composed,
  composeEdit,
  composeFiles,
  composePin,
  composeReaction,
  composeText,
  composeUnlike,
  readStored,
} from "../../src/messages/index.ts";
import type { Client, Conversation, Message } from "../../src/node.ts";
import { random, withStore } from "../world/forge.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { founded, messageIn, reads, until } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let room: Conversation;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
});

afterAll(() => server[Symbol.asyncDispose]());

type Place = Parameters<typeof composeText>[0];

/** What was there before, which the acts are about. */
type Before = {
  readonly place: Place;
  /** Of Alice's: one that stays, one for deletion, and what she said to the first. */
  readonly hers: { readonly id: string; readonly gone: string; readonly reaction: string };
  readonly own: { readonly id: string; readonly gone: string; readonly reaction: string };
  readonly original: Uint8Array<ArrayBuffer>;
};

/** Each needs one capability, which only those can judge who can read it. */
type Row = {
  readonly needs: CapabilityName;
  make(before: Before): Composed;
  /** Whether it came about, as the receiver shows it. */
  shows(before: Before, sent: Composed, look: Look): Promise<boolean>;
};
type Look = (id: string) => Promise<Message | undefined>;

const said = (needs: CapabilityName, make: Row["make"]): Row => ({
  needs,
  make,
  shows: async (_, { id }, look) => (await look(id)) !== undefined,
});

const link = {
  url: "https://example.org/assets/1",
  expires: 0,
  size: 3,
  encAlg: 1,
  key: new Uint8Array(16),
  nonce: new Uint8Array(12),
  aad: new Uint8Array(0),
  hashAlg: 1,
  contentHash: new Uint8Array(32),
};

const brings = (needs: CapabilityName, mediaType: string): Row =>
  said(needs, ({ place }) =>
    composeFiles(place, { text: "" }, [{ link, name: "one", mediaType, inline: true }]),
  );

const rows: readonly Row[] = [
  said("replyToMessage", ({ place, hers }) =>
    composeText(place, { text: "an answer", inReplyTo: hers.id }),
  ),
  said("replyInTopic", ({ place }) => composeText(place, { text: "aside", topic: "t" })),
  said("sendLink", ({ place }) => composeText(place, { text: "see https://example.org/" })),
  said("sendLinkPreview", ({ place }) =>
    composeText(place, {
      text: "see https://example.org/",
      preview: { url: "https://example.org/", title: "Example" },
    }),
  ),
  brings("uploadImage", "image/png"),
  brings("uploadAudio", "audio/ogg"),
  brings("uploadVideo", "video/mp4"),
  brings("uploadAttachment", "application/pdf"),
  {
    needs: "reactToMessage",
    make: ({ place, hers }) => composeReaction(place, hers.id, "👍"),
    shows: async ({ hers }, _, look) =>
      (await look(hers.id))?.reactions.some(({ emoji }) => emoji === "👍") === true,
  },
  {
    needs: "editOwnMessage",
    make: ({ place, own, original }) =>
      composeEdit(place, { id: own.id, original, text: "something else" }),
    shows: async ({ own }, _, look) => (await look(own.id))?.text === "something else",
  },
  {
    needs: "deleteOwnMessage",
    make: ({ place, own }) => composeDeletion(place, own.gone),
    shows: async ({ own }, _, look) => (await look(own.gone))?.type === "deleted",
  },
  {
    needs: "deleteOwnReaction",
    make: ({ place, own, hers }) => composeUnlike(place, { reaction: own.reaction, id: hers.id }),
    shows: async ({ hers }, _, look) =>
      (await look(hers.id))?.reactions.every(({ emoji }) => emoji !== "🎂") === true,
  },
  {
    needs: "deleteOtherReaction",
    make: ({ place, hers }) => composeUnlike(place, { reaction: hers.reaction, id: hers.id }),
    shows: async ({ hers }, _, look) =>
      (await look(hers.id))?.reactions.every(({ emoji }) => emoji !== "🙂") === true,
  },
  {
    needs: "deleteOtherMessage",
    make: ({ place, hers }) => composeDeletion(place, hers.gone),
    shows: async ({ hers }, _, look) => (await look(hers.gone))?.type === "deleted",
  },
  {
    needs: "pinMessage",
    make: ({ place, hers }) => composePin(place, hers.id, true),
    shows: async ({ hers }, _, look) => (await look(hers.id))?.pinned === true,
  },
];

const tried = rows.map(({ needs }) => needs);

const phases = [
  [
    "no client shows what the sender's role does not permit",
    { deny: [...tried, "startTopic"] },
    false,
  ],
  ["all clients show what it permits", { allow: tried }, true],
] as const;

test.each(phases)("T-04 R-064 FED-758 %s", async (title, change, isShown) => {
  const name = isShown ? "mia" : "mallory";
  const mallory = await server.register(name);
  const [made, theirs] = await founded(alice, title.slice(0, 40), [mallory]);
  if (made === undefined || theirs === undefined) throw new Error("nobody is in the room");
  room = made;
  const [hers, gone, own, ownGone] = [
    await room.send("hers"),
    await room.send("hers, and goes"),
    await theirs.send("own"),
    await theirs.send("own, and goes"),
  ].map(({ id }) => id);
  if (!hers || !gone || !own || !ownGone) throw new Error("nothing was said");
  await reads(alice, room.id, "own, and goes");
  await reads(mallory, room.id, "hers, and goes");
  await room.react(hers, "🙂");
  await theirs.react(hers, "🎂");
  const look: Look = (id) => messageIn(room, id);
  await until(alice, async () => (await look(hers))?.reactions.length === 2);
  await until(mallory, async () => (await messageIn(theirs, hers))?.reactions.length === 2);
  const before = await beforeOf(mallory, { hers, gone, own, ownGone });
  await room.defineRole({ name: "member", ...change });
  const sent = rows.map((row) => row.make(before));
  // What her program would refuse to send is in her store all the same.
  await withStore(server.path(name), (store) =>
    store.transaction((tx) => {
      for (const { content } of sent) {
        tx.intents.add({ room: before.place.room, kind: "send", createdAt: 0, body: content });
      }
    }),
  );
  const again = await server.open(name);
  const last = await (await again.conversations.get(room.id)).send("that was all");
  await until(alice, async () => (await look(last.id)) !== undefined);
  const shown: (readonly [CapabilityName, boolean])[] = [];
  for (const [index, { needs, shows }] of rows.entries()) {
    const [composed] = sent.slice(index, index + 1);
    if (composed === undefined) throw new Error("nothing was made");
    shown.push([needs, await shows(before, composed, look)]);
  }
  expect(shown).toEqual(tried.map((needs) => [needs, isShown]));
  if (isShown) return;
  const theirsNow = await again.conversations.get(room.id);
  for (const [text, options] of [
    ["https://example.org/", {}],
    ["an answer", { inReplyTo: hers }],
    ["aside", { topic: "t" }],
  ] as const) {
    await expect(theirsNow.send(text, options)).rejects.toMatchObject({ code: "notAllowed" });
  }
});

async function beforeOf(
  mallory: Client,
  ids: Record<"hers" | "gone" | "own" | "ownGone", string>,
): Promise<Before> {
  const place = { room: parseRoomUri(room.id), sender: parseUserUri(mallory.me.user), random };
  await mallory.close();
  const found = await withStore(server.path(nameOf(place.sender)), (store) =>
    store.transaction((tx) => ({
      original: tx.messages.contentById(place.room, ids.own)?.body,
      reactions: tx.messages.changesOf(place.room, ids.hers),
    })),
  );
  const by = (user: string) =>
    found.reactions.find(({ body }) => userOfClient(readStored(body).sender) === user)?.messageId ??
    "";
  if (found.original === undefined) throw new Error("she has said nothing");
  return {
    place,
    hers: { id: ids.hers, gone: ids.gone, reaction: by(alice.me.user) },
    own: { id: ids.own, gone: ids.ownGone, reaction: by(mallory.me.user) },
    original: readStored(found.original).content,
  };
}
