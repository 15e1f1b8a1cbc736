import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type AssetLink, mintAssetUri, parseDomain, parsePackLink } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { createWorld } from "../../../packages/testkit/src/index.ts";
import { tgs } from "../../../packages/testkit/src/stickers/index.ts";
import { openLocalStore } from "../storage/index.ts";
import { openSqlite } from "../storage-sqlite/index.ts";
import { createStickers } from "./index.ts";
import type { StickerAssets } from "./ports.ts";

const day = 24 * 3600 * 1000;
const domain = parseDomain("a.example");

test("R-093 where a server lets go of assets, a link that is given away is made anew in time", async () => {
  const world = createWorld(1);
  const env = world.env("alice");
  const directory = mkdtempSync(join(tmpdir(), "treehouse-renewal-"));
  const nothing = { describe: () => ({ texts: [], facets: [] }), alters: () => false };
  const database = openSqlite(join(directory, "store.sqlite"));
  const store = await openLocalStore(database, env.random(32), env.random, nothing);
  const kept = new Map<string, Uint8Array>();
  /** A server that keeps everything for thirty days. */
  const assets: StickerAssets = {
    upload(content, { access }) {
      if (access.kind !== "bearer") throw new Error("only packs are uploaded here");
      const link: AssetLink = {
        uri: mintAssetUri(domain, env.random),
        size: content.length,
        encryption: "plain",
        key: env.random(16),
        nonce: env.random(12),
        hash: env.random(32),
        expires: Math.floor((env.now() + 30 * day) / 1000),
        access: { kind: "bearer", secret: env.random(32) },
      };
      kept.set(link.uri, content);
      return Promise.resolve(link);
    },
    read: ({ uri }) => Promise.resolve(kept.get(uri) ?? new Uint8Array()),
    copy: (link) => Promise.resolve(link),
    delete: () => Promise.resolve(),
  };
  const soon = { ...env, soon: (run: () => void) => void setImmediate(run) };
  const done = () => Promise.resolve();
  const chosen = { now: () => env.now(), push: done, pull: done };
  const stickers = createStickers({ env: soon, store, assets, chosen });
  const { pack } = await stickers.create([{ file: "a.tgs", bytes: tgs() }], { title: "T" });
  const first = await stickers.share(pack.id);
  await world.advance(20 * day);
  expect(await stickers.share(pack.id)).toBe(first);
  await world.advance(5 * day);
  const second = await stickers.share(pack.id);
  expect(second).not.toBe(first);
  const [before, after] = [first, second].map((text) => kept.get(parsePackLink(text).uri));
  expect(after).toEqual(before);
  expect(await stickers.list()).toMatchObject([{ id: pack.id, title: "T" }]);
  expect(await stickers.share(pack.id)).toBe(second);
  await store.close();
  rmSync(directory, { recursive: true, force: true });
});
