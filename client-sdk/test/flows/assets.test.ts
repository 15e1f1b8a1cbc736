import { readdirSync } from "node:fs";
import { join } from "node:path";

import { LIMITS, toHex } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation, MessageFile } from "../../src/node.ts";
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

/** Octets that no two places have in common. */
function content(length: number): Uint8Array {
  const octets = new Uint8Array(length);
  for (let at = 0; at < length; at += 4) {
    const value = Math.imul(at + 1, 0x9e3779b1) >>> 0;
    octets[at] = value;
    octets[at + 1] = value >>> 8;
    octets[at + 2] = value >>> 16;
    octets[at + 3] = value >>> 24;
  }
  return octets;
}

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

async function whole(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of stream) pieces.push(new Uint8Array(piece));
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

test.each([
  ["nothing", 0],
  ["one octet", 1],
  ["what is encrypted whole", LIMITS.assetPlainBytesMax],
  ["what goes in chunks", LIMITS.assetPlainBytesMax + 1],
  ["several parts", LIMITS.assetPartBytesMax + 777],
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
    expect(toHex(await whole(opened.stream()))).toBe(toHex(sent));
    for (const [offset, wanted] of [
      [0, 10],
      [length - 5, 100],
      [255 * KIB, 3 * KIB],
    ] as const) {
      if (offset < 0) continue;
      const part = await opened.read(offset, wanted);
      expect(toHex(part)).toBe(toHex(sent.subarray(offset, offset + wanted)));
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
  expect(toHex(await alice.assets.read(second))).toBe(toHex(content(3_000_000)));
  await expect(bob.assets.read(second)).rejects.toMatchObject({ code: "assetGone" });
});

test("R-093 FED-1003 whoever has the link of a pack opens it through their own server", async () => {
  const link = await alice.assets.upload(content(5000), { access: { kind: "bearer" } });
  expect(toHex(await eve.assets.read(link))).toBe(toHex(content(5000)));
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
  expect(toHex(await eve.assets.read(theirs))).toBe(toHex(sent));
  await alice.assets.delete(link);
  await expect(alice.assets.read(link)).rejects.toMatchObject({ code: "assetGone" });
  expect(toHex(await eve.assets.read(again))).toBe(toHex(sent));
});

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" }).toSorted();
}
