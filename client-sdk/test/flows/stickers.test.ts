import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import {
  encodePack,
  formatPackLink,
  parsePackLink,
  sha256,
  type StickerItem,
  utf8Encode,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import {
  type BotApiSet,
  gif,
  startBotApi,
  tgs,
  webm,
  webp,
} from "../../../packages/testkit/src/stickers/index.ts";
import type { Client, Conversation, Message, StickerSource } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { password } from "../world/server.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { joinedBy, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let hers: Conversation;
let his: Conversation;

beforeAll(async () => {
  servers = await startServers("a.example", "b.example");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  hers = await alice.conversations.dm("bob@b.example");
  his = await joinedBy(bob, hers.id);
});

afterAll(async () => {
  for (const index of [0, 1]) for (const client of servers.at(index).clients) await client.close();
  await servers[Symbol.asyncDispose]();
});

/** A moving one, a video that is too large for a message, and a picture. */
const three: readonly StickerSource[] = [
  { file: "wave.tgs", bytes: tgs(), emojis: ["👋", "🙂"], name: "wave" },
  { file: "cat.webm", bytes: webm({ note: "x".repeat(2000) }), emojis: ["🐈"] },
  { file: "canary.webp", bytes: webp({ width: 512, note: "canary-bytes" }), emojis: [] },
];
const bytesOf = (index: number) => three[index]?.bytes;

async function messageAt(conversation: Conversation, client: Client, id: string): Promise<Message> {
  let found: Message | undefined;
  await until(client, async () => {
    const items = await conversation.history();
    found = items.flatMap((item) => (item.kind === "message" && item.id === id ? [item] : []))[0];
    return found !== undefined;
  });
  if (found === undefined) throw new Error("it was there");
  return found;
}

test("R-090 R-092 R-093 FED-888 FED-889 a pack is used, and opens by its link at another server", async () => {
  const { pack, refused } = await alice.stickers.create(three, {
    title: "canary-title",
    author: "Ann",
  });
  expect(refused).toEqual([]);
  expect(pack).toMatchObject({ title: "canary-title", kind: "stickers", count: 3 });
  const content = await alice.stickers.get(pack.id.slice(0, 6));
  expect(content.stickers.map(({ emojis, mediaType }) => [mediaType, emojis])).toEqual([
    ["application/x-tgsticker", ["👋", "🙂"]],
    ["video/webm", ["🐈"]],
    ["image/webp", []],
  ]);

  let large = "";
  const { usedBytes } = await alice.assets.usage();
  // Bob, who does not have the pack, sees each: small ones are in the message, large ones an asset.
  for (const [index, sticker] of ["wave", "2", "3"].entries()) {
    const { id } = await hers.sendSticker({ pack: "canary-title", sticker });
    if (index === 1) large = id;
    const message = await messageAt(his, bob, id);
    const emoji = ["👋", "🐈", "🔣"][index];
    expect(message).toMatchObject({ type: "sticker", text: emoji, files: [] });
    expect(message.sticker).toMatchObject({ id: content.stickers[index]?.id });
    const file = await his.stickerFile(id);
    expect(Buffer.from(file.bytes).equals(Buffer.from(bytesOf(index) ?? []))).toBe(true);
  }
  expect((await alice.stickers.recent()).map(({ sticker }) => sticker)).toEqual(
    content.stickers.map(({ id }) => id).toReversed(),
  );

  // With its message a large one goes from the server, too.
  const used = async () => (await alice.assets.usage()).usedBytes;
  expect(await used()).toBeGreaterThan(usedBytes);
  await hers.delete(large);
  await expect.poll(used, { timeout: 20_000 }).toBe(usedBytes);

  const exported: unknown[] = [];
  for await (const { file, value } of alice.account.export()) {
    if (file === "stickers") exported.push(value);
  }
  expect(exported).toEqual([pack]);

  const link = await alice.stickers.share("canary-title");
  expect(link).toMatch(/^treehouse:stickers#[\w-]+$/);
  expect((await bob.stickers.look(link)).author).toBe("Ann");
  expect(await bob.stickers.list()).toEqual([]);
  const added = await bob.stickers.add(link);
  expect(added).toMatchObject({ id: pack.id, title: "canary-title", count: 3 });
  for (const index of [0, 1, 2]) {
    const { bytes } = await bob.stickers.file(pack.id, String(index + 1));
    expect(Buffer.from(bytes).equals(Buffer.from(bytesOf(index) ?? []))).toBe(true);
  }
  // What she removes stays for him: he has a reference of his own.
  await alice.stickers.remove(pack.id);
  await expect(alice.stickers.get(pack.id)).rejects.toMatchObject({ code: "notFound" });
  const again = await servers
    .at(1)
    .open("bob", { store: servers.at(1).path("bob2"), password, login: true });
  await until(again, async () => (await again.stickers.list()).length === 1);
  expect(await again.stickers.list()).toEqual([added]);
  expect((await again.stickers.file(pack.id, ":wave:")).bytes).toEqual(bytesOf(0));

  for (const server of [servers.at(0), servers.at(1)]) {
    const data = join(server.directory, "data");
    const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((one) =>
      one.isFile(),
    );
    const texts = files.map((one) =>
      readFileSync(join(one.parentPath, one.name)).toString("latin1"),
    );
    expect(texts.some((text) => text.includes("alice"))).toBe(true);
    expect(texts.some((text) => text.includes("canary"))).toBe(false);
  }
});

test("R-093 :name: is a custom emoji in texts, edits and reactions", async () => {
  const parrot = gif({ width: 32, delaysMs: [40, 40], note: "parrot" });
  const { pack } = await alice.stickers.create(
    [{ file: "parrot.gif", bytes: parrot, emojis: ["🦜"], name: "party_parrot" }],
    { title: "Birds", kind: "emoji" },
  );
  const { id } = await hers.send("hello :party_parrot: at 10:30:45, :nobody:");
  const message = await messageAt(his, bob, id);
  expect(message).toMatchObject({
    type: "text",
    text: "hello :party_parrot: at 10:30:45, :nobody:",
  });
  expect(message.customEmoji.map(({ name }) => name)).toEqual(["party_parrot"]);
  const [shown] = message.customEmoji;
  expect((await his.stickerFile(id, shown?.id)).bytes).toEqual(parrot);

  await hers.react(id, ":party_parrot:");
  await hers.react(id, ":party_parrot:");
  await hers.react(id, "🦜");
  const reactionsOf = async () => (await messageAt(his, bob, id)).reactions;
  await until(bob, async () => (await reactionsOf()).length === 2);
  expect(await reactionsOf()).toMatchObject([
    { emoji: "🦜", custom: { name: "party_parrot" }, by: ["alice@a.example"] },
    { emoji: "🦜", by: ["alice@a.example"] },
  ]);
  await hers.unreact(id, ":party_parrot:");
  await until(bob, async () => (await reactionsOf()).length === 1);
  expect((await reactionsOf()).map(({ custom }) => custom)).toEqual([undefined]);
  await hers.edit(id, "good bye");
  await until(bob, async () => (await messageAt(his, bob, id)).text === "good bye");
  expect((await messageAt(his, bob, id)).customEmoji).toEqual([]);
  const again = await hers.sendSticker({ pack: pack.id, sticker: "1" }, { expiresIn: 3_600_000 });
  const going = await messageAt(his, bob, again.id);
  expect(going.expiresAt).toBeGreaterThan(going.acceptedAt);
  const forwarded = await hers.forward(again.id, hers.id);
  expect((await messageAt(his, bob, forwarded.id)).type).toBe("sticker");
  expect((await his.stickerFile(forwarded.id)).bytes).toEqual(parrot);
  await expect(hers.react(id, ":nobody:")).rejects.toMatchObject({ code: "notFound" });
  await alice.stickers.remove(pack.id);
});

/** What an honest maker would say of a file, whatever is in it. */
const item = (bytes: Uint8Array, change: Partial<StickerItem>): StickerItem => ({
  mediaType: "application/x-tgsticker",
  size: bytes.length,
  hash: sha256(bytes),
  width: 512,
  height: 512,
  durationMs: 1000,
  emojis: ["👋"],
  name: undefined,
  ...change,
});

test("R-094 T-38 a pack in which one file is hostile is refused as a whole", async () => {
  const bomb = new Uint8Array(gzipSync(new Uint8Array(20_000_000)));
  const svg = utf8Encode("<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>");
  const good = tgs();
  const hostile: readonly (readonly [
    Uint8Array<ArrayBuffer>,
    Partial<StickerItem>,
    string,
    string,
  ])[] = [
    [bomb, {}, "limitExceeded", "tgsInflatedBytesMax"],
    [svg, { mediaType: "image/png" }, "malformed", ""],
    [good, { width: 100 }, "malformed", ""],
  ];
  for (const [bytes, change, code, limitName] of hostile) {
    const files = [good, bytes];
    const items = [item(good, {}), item(bytes, change)];
    const encoded = encodePack({
      manifest: { title: "x", author: undefined, kind: "stickers", items },
      files,
    });
    const uploaded = await alice.assets.upload(encoded, { access: { kind: "bearer" } });
    const { access } = uploaded;
    if (access.kind !== "bearer") throw new Error("it is for whoever has the link");
    const link = formatPackLink({ ...uploaded, access });
    const refusal = await bob.stickers.add(link).catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code,
      message: expect.stringContaining("sticker 2 of the pack"),
    });
    expect(refusal).toMatchObject({ data: limitName === "" ? {} : { limitName } });
  }
  expect((await bob.stickers.list()).map(({ title }) => title)).toEqual(["canary-title"]);
  await expect(bob.stickers.add("treehouse:stickers#AAAA")).rejects.toMatchObject({
    code: "malformed",
  });
});

const token = "12345:canary-secret-token";
const set: BotApiSet = {
  title: "Cats \u202eby somebody",
  type: "regular",
  stickers: [
    { emoji: "🐈", file: tgs(), ending: "tgs" },
    { emoji: "😹", file: webm(), ending: "webm" },
    { emoji: "😻", file: webp({ width: 512, note: "third" }), ending: "webp" },
    { emoji: "🙀", file: undefined, ending: "webp" },
    { emoji: "😾", file: new Uint8Array(gzipSync(new Uint8Array(20_000_000))), ending: "tgs" },
    { emoji: "❤️", file: webp({ width: 512, note: "last" }), ending: "webp" },
  ],
};

test("R-090 a set of Telegram's is imported, goes on after a fault, and the token is nowhere", async () => {
  await using telegram = await startBotApi(token, new Map([["Cats", set]]));
  const wish = { set: "https://t.me/addstickers/Cats", token, api: telegram.url };
  telegram.cutAfter(2);
  const cut = await alice.stickers.importTelegram(wish).catch((error: unknown) => error);
  expect(cut).toMatchObject({ code: "network", retryable: true });
  expect(await alice.stickers.list()).toEqual([]);
  telegram.cutAfter(Infinity);
  telegram.refuse(2);
  const progress: number[] = [];
  const onProgress = ({ done, total }: { done: number; total: number }) =>
    progress.push(done / total);
  const { pack, refused } = await alice.stickers.importTelegram({ ...wish, onProgress });
  expect(telegram.given).toEqual([0, 1, 2, 4, 5]);
  expect(progress).toEqual([1, 2, 3, 4, 5, 6].map((done) => done / 6));
  expect(pack).toMatchObject({ title: "Cats by somebody", kind: "stickers", count: 4 });
  expect(refused.map(({ file, code }) => [file, code])).toEqual([
    ["4 (unique-Cats-3)", "notFound"],
    ["5 (unique-Cats-4)", "limitExceeded"],
  ]);
  const { stickers } = await alice.stickers.get(pack.id);
  expect(stickers.map(({ emojis }) => emojis)).toEqual([["🐈"], ["😹"], ["😻"], ["❤️"]]);
  for (const [index, at] of [0, 1, 2, 5].entries()) {
    const { bytes } = await alice.stickers.file(pack.id, String(index + 1));
    expect(Buffer.from(bytes).equals(Buffer.from(set.stickers[at]?.file ?? []))).toBe(true);
  }
  const faults = [
    cut,
    await alice.stickers
      .importTelegram({ ...wish, set: "nothing" })
      .catch((error: unknown) => error),
    await alice.stickers
      .importTelegram({ ...wish, token: `${token}x` })
      .catch((error: unknown) => error),
    await alice.stickers
      .importTelegram({ ...wish, api: "http://telegram.example" })
      .catch((error: unknown) => error),
  ];
  expect(faults).toMatchObject(
    ["network", "notFound", "notAllowed", "malformed"].map((code) => ({ code })),
  );
  expect(faults.map(told).join()).not.toContain("canary");
  const store = servers.at(0).path("alice");
  const folder = join(store, "..");
  const files = readdirSync(folder).filter((name) => name.startsWith("alice."));
  expect(
    files.map((name) => readFileSync(join(folder, name)).toString("latin1")).join(),
  ).not.toContain("canary-secret");
  expect(parsePackLink(await alice.stickers.share(pack.id)).uri).toContain("a.example");
});

/** Everything that an error says, with what has caused it. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.message, error.stack, JSON.stringify(error), told(error.cause ?? "")].join();
}
