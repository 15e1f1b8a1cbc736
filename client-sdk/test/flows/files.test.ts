import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { decodeContent, encodeContent, parseRoomUri, parseUserUri } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { composeFiles } from "../../src/messages/index.ts";
import type { Client, Conversation, Message } from "../../src/node.ts";
import { createSharpPictures } from "../../src/pictures-sharp/index.ts";
import { type LocalStore, openLocalStore } from "../../src/storage/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import { befriend } from "../world/friends.ts";
import { jpegHead, mp4, png, wav, withPlace } from "../world/samples.ts";
import { password } from "../world/server.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, joinedBy, messageIn, seen, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let hers: Conversation;
let his: Conversation;

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  const [first, second] = await founded(alice, "Tea", [bob]);
  if (first === undefined || second === undefined) throw new Error("nobody is in the room");
  [hers, his] = [first, second];
});

afterAll(async () => {
  for (const client of [alice, bob]) await client.close();
  await servers[Symbol.asyncDispose]();
});

const canSeePictures = (await createSharpPictures()) !== undefined;
const slow = { timeout: 20_000 };
const random = (length: number) => new Uint8Array(randomBytes(length));

/** While Bob's client is closed. */
async function withStoreOfBob<T>(run: (store: LocalStore) => Promise<T>): Promise<T> {
  const { database, key } = await openNodeStore(servers.at(1).path("bob"), undefined, random);
  const store = await openLocalStore(database, key, random);
  try {
    return await run(store);
  } finally {
    await store.close();
  }
}

test("R-082 R-083 FED-870 files go with a caption, and are seen before they are fetched", async () => {
  const photograph = new File([png(1200, 600)], "sea.png");
  const sent = await hers.send({ file: photograph, caption: "the sea", alt: "Waves." });
  const message = await seen(bob, his, sent.id);
  expect(message).toMatchObject({ type: "image", text: "the sea", filesRefused: false });
  const [file] = message.files;
  expect(file).toMatchObject({
    kind: "image",
    name: "sea.png",
    mediaType: "image/png",
    width: 1200,
    height: 600,
    alt: "Waves.",
    flags: [],
  });
  const made = file?.preview !== undefined && file.blur !== undefined;
  expect([made, sent.notes]).toEqual(
    canSeePictures
      ? [true, []]
      : [false, [{ file: "sea.png", note: "noThumbnail", reason: "noDecoder" }]],
  );
  expect(await bob.files.read(file ?? { link: undefined })).toEqual(png(1200, 600));
  const { id } = await hers.send({
    files: [
      { file: wav(2, (time) => time), name: "a.wav", voice: true },
      { file: mp4(5, [320, 240]), name: "b.mp4" },
      { file: new TextEncoder().encode("text"), name: "c.txt" },
    ],
  });
  const several = await seen(bob, his, id);
  expect(several.type).toBe("voice");
  expect(several.files.map(({ kind, name, durationMs }) => [kind, name, durationMs])).toEqual([
    ["voice", "a.wav", 2000],
    ["video", "b.mp4", 5000],
    ["file", "c.txt", undefined],
  ]);
  expect(several.files[0]?.waveform?.at(-1)).toBe(255);
  // What is said of them later changes the caption alone.
  await hers.edit(sent.id, "the high sea");
  const edited = await seen(bob, his, sent.id, ({ text }) => text === "the high sea");
  expect(edited.files.map(({ name }) => name)).toEqual(["sea.png"]);
});

test("R-083 a photograph that says where it was taken is told of, or goes without", async () => {
  const photograph = withPlace(jpegHead(640, 480, 6));
  const told = await hers.send({ file: photograph, name: "p.jpg", mediaType: "image/jpeg" });
  expect(told.notes).toContainEqual({ file: "p.jpg", note: "tellsPlace" });
  const { id, notes } = await hers.send({ file: photograph, name: "q.jpg", stripMetadata: true });
  expect(notes.filter(({ note }) => note === "tellsPlace")).toEqual([]);
  const [file] = (await seen(bob, his, id)).files;
  expect(file).toMatchObject({ width: 640, height: 480, rotation: 90 });
  const got = await bob.files.read(file ?? { link: undefined });
  expect(Buffer.from(got).includes("canary")).toBe(false);
  const asText = { file: new TextEncoder().encode("x"), stripMetadata: true };
  await expect(hers.send(asText)).rejects.toMatchObject({ code: "unsupported" });
  await expect(hers.send({ caption: "none" })).rejects.toMatchObject({ code: "malformed" });
});

test("R-088 FED-875 two who save at once keep both versions, one is current, each comes back", async () => {
  const octets = (text: string) => new TextEncoder().encode(text);
  const first = await hers.send({ file: octets("one"), name: "plan.txt" });
  await seen(bob, his, first.id);
  const [a, b] = await Promise.all([
    hers.send({ file: octets("hers"), name: "plan.txt", versionOf: first.id }),
    his.send({ file: octets("his"), name: "plan.txt", versionOf: first.id }),
  ]);
  for (const [client, conversation] of [
    [alice, hers],
    [bob, his],
  ] as const) {
    const both = [a.id, b.id].toSorted();
    await until(client, async () => {
      const ids = (await conversation.files()).map(({ message }) => message);
      return both.every((id) => ids.includes(id));
    });
  }
  const last = a.position > b.position ? a : b;
  for (const conversation of [hers, his]) {
    const versions = await conversation.versions(b.id);
    expect(versions.map(({ message }) => message)).toEqual(
      [first, a, b].toSorted((x, y) => x.position - y.position).map(({ id }) => id),
    );
    expect(versions.filter(({ version }) => version.head).length).toBe(2);
    expect(versions.find(({ version }) => version.current)?.message).toBe(last.id);
  }
  await expect(his.restoreVersion(last.id)).rejects.toMatchObject({ code: "malformed" });
  const restored = await his.restoreVersion(first.id);
  await until(alice, async () => (await messageIn(hers, restored.id)) !== undefined);
  await seen(bob, his, restored.id);
  // It has a reference of its own: the first one can go.
  await hers.delete(first.id);
  const versions = await hers.versions(restored.id);
  const current = versions.find(({ version }) => version.current);
  expect(current?.message).toBe(restored.id);
  expect(await alice.files.read(current ?? { link: undefined })).toEqual(octets("one"));
  const listed = await hers.files({ limit: 2 });
  expect(listed.map(({ message }) => message)).toEqual([restored.id, last === a ? a.id : b.id]);
  const before = listed.at(-1)?.position ?? 0;
  expect((await hers.files({ limit: 1, before })).length).toBe(1);
  await expect(hers.versions("00".repeat(32))).rejects.toMatchObject({ code: "notFound" });
});

test("R-087 files lie in folders, with tags, on all of a user's clients and readable to no server", async () => {
  const canary = `canary-${randomBytes(8).toString("hex")}`;
  const { id: message } = await his.send({ file: wav(0.1), name: "Übung.wav" });
  await until(alice, async () => (await messageIn(hers, message)) !== undefined);
  const place = { conversation: parseRoomUri(hers.id), id: message, number: 0 };
  const kept = await alice.files.keep(place, { folder: "music/lessons", tags: ["piano", canary] });
  const own = await alice.files.add({ file: png(2, 2), name: `${canary}.png`, folder: "art" });
  await alice.files.rename(own.id, "Bild.png");
  await alice.files.move(own.id, "art/old");
  const found = async (client: Client, filter: object) =>
    (await client.files.list(filter)).map(({ name, folder }) => `${folder}/${name}`);
  expect(await found(alice, { search: "ubung LESS" })).toEqual(["music/lessons/Übung.wav"]);
  expect(await found(alice, { tag: "piano" })).toEqual(["music/lessons/Übung.wav"]);
  expect(await found(alice, { folder: "art" })).toEqual(["art/old/Bild.png"]);
  expect(await alice.files.folders()).toEqual(["art", "art/old", "music", "music/lessons"]);
  const newer = await alice.files.add({ file: png(3, 3), name: "x.png", versionOf: own.id });
  expect(await found(alice, { folder: "art" })).toEqual(["art/old/x.png"]);
  const again = await alice.files.restore(own.id);
  expect((await alice.files.versions(newer.id)).map(({ current }) => current)).toEqual([
    false,
    false,
    true,
  ]);
  const store = servers.at(0).path("alice-2");
  await using second = await servers.at(0).open("alice", { store, password, login: true });
  await second.caughtUp();
  await expect.poll(async () => (await second.files.list()).length, slow).toBe(2);
  expect(await found(second, {})).toEqual(["art/old/Bild.png", "music/lessons/Übung.wav"]);
  expect(await second.files.read(await second.files.get(again.id))).toEqual(png(2, 2));
  await second.files.moveFolder("art/old", "new");
  await expect.poll(async () => (await alice.files.get(again.id)).folder, slow).toBe("new");
  for (const index of [0, 1]) {
    const data = join(servers.at(index).directory, "data");
    const octets = readdirSync(data, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => readFileSync(join(file.parentPath, file.name)));
    const isThere = octets.some((one) => one.includes(canary));
    expect([octets.length > 2, isThere]).toEqual([true, false]);
  }
  const exported: { readonly file: string; readonly text: string }[] = [];
  for await (const { file, value } of alice.account.export()) {
    exported.push({ file, text: JSON.stringify(value) });
  }
  const all = exported.map(({ text }) => text).join("\n");
  expect(exported.filter(({ file }) => file === "files").length).toBe(2);
  expect([all.includes("Übung.wav"), /"(link|key|nonce|bytes)"/.test(all)]).toEqual([true, false]);
  for (const wrong of ["../x", "a/..", "a\u0000b", "a".repeat(300)]) {
    await expect(alice.files.move(kept.id, wrong)).rejects.toMatchObject({ code: "malformed" });
  }
  await alice.files.remove(again.id);
  expect(await found(alice, {})).toEqual(["music/lessons/Übung.wav"]);
  await expect(alice.files.read(again)).rejects.toMatchObject({ code: "assetGone" });
  // With the message that it came with, the file goes from the library as well.
  await his.delete(message);
  await expect.poll(async () => (await alice.files.list()).length, slow).toBe(0);
});

test("R-052 FED-878 with a message its files go from both servers and from every store", async () => {
  const secret = random(5000);
  const { id } = await hers.send({ file: secret, name: "secret.bin" });
  const [file] = (await seen(bob, his, id)).files;
  if (file === undefined) throw new Error("no file came");
  expect(await bob.files.read(file)).toEqual(secret);
  await alice.close();
  alice = await servers.at(0).open("alice");
  hers = await joinedBy(alice, hers.id);
  await hers.delete(id);
  await seen(bob, his, id, ({ type, files }) => type === "deleted" && files.length === 0);
  // Past what the stores keep: they are looked into below.
  const answer = async (client: Client) => {
    try {
      const opened = await client.files.open(file);
      return (await opened.read(0, 10)).length;
    } catch (error) {
      return error instanceof Error && "code" in error ? error.code : error;
    }
  };
  for (const client of [alice, bob]) {
    await expect.poll(() => answer(client), slow).toBe("assetGone");
  }
  await bob.close();
  const kept = await withStoreOfBob((store) =>
    store.transaction((tx) => file.link && tx.assetContents.get(file.link.uri, 1)),
  );
  expect(kept).toBeUndefined();
  bob = await servers.at(1).open("bob");
  his = await joinedBy(bob, hers.id);
});

test("R-084 FED-877 the user's rule fetches small files by itself, and no others", async () => {
  const assets = join(servers.at(1).directory, "data/assets");
  const before = readdirSync(assets, { recursive: true }).length;
  await bob.settings.set({ autoDownloadBytes: 2000 });
  const small = await hers.send({ file: random(1000), name: "small" });
  const large = await hers.send({ file: random(3000), name: "large" });
  const [[one], [other]] = [
    (await seen(bob, his, small.id)).files,
    (await seen(bob, his, large.id)).files,
  ];
  const there = () => readdirSync(assets, { recursive: true }).length;
  await expect.poll(there, slow).toBeGreaterThan(before);
  await servers.at(1).stop();
  const read = (file: Message["files"][number] | undefined) => {
    const signal = AbortSignal.timeout(500);
    return bob.files.read(file ?? { link: undefined }, { signal }).then(
      (octets) => octets.length,
      () => "not here",
    );
  };
  let first = await read(one);
  for (let looks = 0; first === "not here" && looks < 40; looks += 1) first = await read(one);
  expect([first, await read(other)]).toEqual([1000, "not here"]);
  await servers.at(1).start();
  await bob.settings.set({ autoDownloadBytes: 0 });
});

test("T-30 FED-872 FED-876 what a hostile member says of files is contained and flagged", async () => {
  await bob.close();
  const place = { room: parseRoomUri(his.id), sender: parseUserUri(bob.me.user), random };
  const link = {
    url: "https://evil.example/x",
    expires: 0,
    size: Number.MAX_SAFE_INTEGER,
    encAlg: 1,
    key: random(16),
    nonce: random(12),
    aad: random(0),
    hashAlg: 1,
    contentHash: random(32),
  };
  const bomb = { mediaType: "image/png", bytes: png(4, 4, { claimed: [60_000, 60_000] }) } as const;
  const facts = { kind: "image", width: 99_999, height: 99_999 } as const;
  const hostile = composeFiles(place, { text: "look" }, [
    {
      link,
      name: "../../\u202Egnp.exe",
      mediaType: "image/png",
      inline: true,
      facts,
      preview: bomb,
    },
  ]);
  const many = decodeContent(hostile.content);
  const part = many.body.kind === "multi" ? many.body.parts[1] : undefined;
  if (part === undefined) throw new Error("no part");
  const thousand = {
    ...many,
    salt: random(16),
    body: { ...many.body, parts: Array.from({ length: 300 }, () => part) },
  };
  await withStoreOfBob((store) =>
    store.transaction((tx) => {
      for (const content of [hostile.content, encodeContent(thousand)]) {
        tx.intents.add({ room: place.room, kind: "send", createdAt: 0, body: content });
      }
    }),
  );
  bob = await servers.at(1).open("bob");
  his = await joinedBy(bob, hers.id);
  let message: Message | undefined;
  await until(alice, async () => (message = await messageIn(hers, hostile.id)) !== undefined);
  expect(message?.files).toMatchObject([
    { name: "_.._gnp.exe", flags: ["renamed", "previewRefused", "elsewhere"], link: undefined },
  ]);
  expect(message?.files[0]?.preview).toBeUndefined();
  const refused = alice.files.open(message?.files[0] ?? { link: undefined });
  await expect(refused).rejects.toMatchObject({ code: "notFound" });
  await until(alice, async () =>
    (await hers.history()).some((item) => item.kind === "message" && item.files.length === 32),
  );
  const last = (await hers.history()).at(-1);
  expect(last?.kind === "message" && last.filesRefused).toBe(true);
  expect((await hers.send("and on it goes")).id).toBeDefined();
});
