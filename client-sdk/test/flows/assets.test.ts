import { readdirSync } from "node:fs";
import { join } from "node:path";

import { LIMITS } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation, MessageFile } from "../../src/node.ts";
import { content, whole } from "../world/contents.ts";
import { befriend } from "../world/friends.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { founded, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;
let eve: Client;
let hers: Conversation;
let his: Conversation;

beforeAll(async () => {
  servers = await startServers("one.test", "two.test");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  eve = await servers.at(1).register("eve");
  await befriend(alice, bob);
  const [first, second] = await founded(alice, "Tea", [bob]);
  if (first === undefined || second === undefined) throw new Error("nobody is in the room");
  [hers, his] = [first, second];
});

afterAll(async () => {
  for (const client of [alice, bob, eve]) await client.close();
  await servers[Symbol.asyncDispose]();
});

const KIB = 1024;

type Fetchable = MessageFile & { readonly link: NonNullable<MessageFile["link"]> };

async function fileOf(client: Client, conversation: Conversation, id: string): Promise<Fetchable> {
  let found: MessageFile | undefined;
  await until(client, async () => {
    const items = await conversation.history();
    const item = items.find((one) => one.kind === "message" && one.id === id);
    found = item?.kind === "message" ? item.files[0] : undefined;
    return found !== undefined;
  });
  if (found?.link === undefined) throw new Error("no file");
  return { ...found, link: found.link };
}

test.each([
  ["nothing", 0],
  ["one octet", 1],
  ["what is encrypted whole", LIMITS.assetPlainBytesMax],
  ["what goes in chunks", LIMITS.assetPlainBytesMax + 1],
  ["several parts", LIMITS.assetPartBytesMax + 1],
])(
  "R-082 R-086 FED-1000 FED-1001 FED-1002 a file of %s arrives as it was at another server",
  async (_, length) => {
    const sent = content(length);
    const about = { name: "наброски №1.bin", mediaType: "application/x-drafts", alt: "drafts" };
    const { id } = await hers.send({ file: sent, ...about });
    const file = await fileOf(bob, his, id);
    expect(file).toMatchObject({ ...about, size: length, kind: "file", inline: false });
    const opened = await bob.assets.open(file.link);
    expect(opened.size).toBe(length);
    expect(Buffer.compare(await whole(opened.stream()), sent)).toBe(0);
    for (const [offset, wanted] of [
      [0, 10],
      [length - 5, 100],
      [255 * KIB, 3 * KIB],
    ] as const) {
      if (offset < 0) continue;
      const part = await opened.read(offset, wanted);
      expect(Buffer.compare(part, sent.subarray(offset, offset + wanted))).toBe(0);
    }
  },
);

test("R-086 FED-1010 FED-1011 FED-1012 strangers get nothing at either server", async () => {
  const { id } = await hers.send({ file: content(2_000_000), name: "secret" });
  const { link } = await fileOf(bob, his, id);
  for (const access of [link.access, { kind: "own" as const }]) {
    await expect(eve.assets.read({ ...link, access })).rejects.toMatchObject({
      code: access.kind === "own" ? "assetGone" : "notMember",
    });
  }
  expect(await bob.assets.read(link)).toHaveLength(2_000_000);
});

test("T-30 own assets have names, replace one another, and are nobody else's", async () => {
  const first = await alice.assets.upload(content(100), {
    access: { kind: "own", name: "backup/1", replaces: null },
  });
  await expect(
    alice.assets.upload(content(100), {
      access: { kind: "own", name: "backup/1", replaces: null },
    }),
  ).rejects.toMatchObject({ code: "conflict" });
  const second = await alice.assets.upload(content(3_000_000), {
    access: { kind: "own", name: "backup/1", replaces: first.uri },
  });
  await alice.assets.upload(content(10), { access: { kind: "own", name: "other" } });
  const listed = await alice.assets.list({ prefix: "backup/" });
  expect(listed.map(({ uri, name }) => ({ uri, name }))).toEqual([
    { uri: second.uri, name: "backup/1" },
  ]);
  await expect(alice.assets.read(first)).rejects.toMatchObject({ code: "assetGone" });
  expect(Buffer.compare(await alice.assets.read(second), content(3_000_000))).toBe(0);
  await expect(bob.assets.read(second)).rejects.toMatchObject({ code: "assetGone" });
});

test("R-093 FED-1003 whoever has the link of a pack opens it through their own server", async () => {
  const link = await alice.assets.upload(content(5000), { access: { kind: "bearer" } });
  expect(Buffer.compare(await eve.assets.read(link), content(5000))).toBe(0);
  const wrong = { ...link, access: { kind: "bearer", secret: new Uint8Array(32) } } as const;
  await expect(bob.assets.read(wrong)).rejects.toMatchObject({ code: "assetGone" });
});

test("R-052 FED-1013 a file is forwarded without an upload; deleted, it goes from both servers", async () => {
  const sent = content(1_500_000);
  const { id } = await hers.send({ file: sent, name: "forwarded" });
  const { link } = await fileOf(bob, his, id);
  const blobs = () => filesBelow(join(servers.at(0).directory, "data/assets/blobs"));
  const before = blobs();
  const again = await alice.assets.copy(link, { kind: "bearer" });
  expect(blobs()).toEqual(before);
  const theirs = await bob.assets.copy(link, { kind: "bearer" });
  expect(Buffer.compare(await eve.assets.read(theirs), sent)).toBe(0);
  await alice.assets.delete(link);
  await expect(alice.assets.read(link)).rejects.toMatchObject({ code: "assetGone" });
  // Whoever has copied it is told by itself; this waits for that.
  await servers.at(0).current().assets.maintain();
  await expect(bob.assets.read(link)).rejects.toMatchObject({ code: "assetGone" });
  expect(Buffer.compare(await eve.assets.read(again), sent)).toBe(0);
});

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).toSorted();
}

test("what a listener of an upload throws ends it, and is what it rejects with", async () => {
  const bug = new Error("of the program's own");
  const onProgress = () => {
    throw bug;
  };
  const upload = alice.assets.upload(content(9), { access: { kind: "bearer" }, onProgress });
  await expect(upload).rejects.toBe(bug);
});
