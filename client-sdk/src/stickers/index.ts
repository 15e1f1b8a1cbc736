/**
 * Sticker packs and custom emoji: made from files or fetched from Telegram, kept sealed in the store and
 * as one encrypted asset, shared by link, and put into messages.
 */
import {
  checkPackLink,
  type DecodedPack,
  type Env,
  formatPackLink,
  type PackKind,
  type PackLink,
  type PackManifest,
  parsePackLink,
  Refusal,
  type RoomUri,
  type SentSticker,
  STICKER_LIMITS,
  type StickerItem,
  toHex,
} from "@treehouse/protocol";

import { stickerInfo, type StickerInfo } from "../messages/index.ts";
import type { LocalStore } from "../storage/index.ts";
import { checkFile } from "./check-file.ts";
import { fetchPack, keepPack, keptPack, packHere, packIdOf } from "./keep-pack.ts";
import { makePack, type PackWish, type RefusedSticker, type StickerSource } from "./make-pack.ts";
import {
  noteUsed,
  type OwnPack,
  ownPacks,
  recentStickers,
  removeOwnPack,
  type RecentSticker,
  writeOwnPack,
} from "./own-packs.ts";
import type { StickerAssets } from "./ports.ts";
import { receivedSticker, type StickerContent } from "./received.ts";
import { type Chosen, emojiIn, emojiNamed, indexOfSticker, sentSticker } from "./sent.ts";
import { fetchSet, type TelegramImport } from "./telegram/import-set.ts";

export { type FolderFile, type FolderPack, readFolder } from "./folder.ts";
export type { PackWish, RefusedSticker, StickerSource } from "./make-pack.ts";
export type { RecentSticker } from "./own-packs.ts";
export type { StickerContent } from "./received.ts";
export type { TelegramImport } from "./telegram/import-set.ts";

/** A pack of the user's. */
export type PackInfo = {
  readonly id: string;
  readonly title: string;
  readonly kind: PackKind;
  readonly count: number;
  readonly addedAt: number;
};

/** A pack with what is in it, in the order in which it is shown. */
export type PackContent = Omit<PackInfo, "addedAt"> & {
  readonly author: string | undefined;
  readonly stickers: readonly StickerInfo[];
};

/** A pack that was made, and the files that are not in it, with the reason for each. */
export type MadePack = { readonly pack: PackInfo; readonly refused: readonly RefusedSticker[] };

/** A sticker to be sent. */
export type StickerWish = {
  /** Id of a pack of the user's, or a unique beginning of it, or its title. */
  readonly pack: string;
  /** Number from 1, `:name:`, or id of a sticker in it, or a unique beginning of six. */
  readonly sticker: string;
  /** Whether readers may have the pack, as they may elsewhere; true unless it is said otherwise. */
  readonly sharePack?: boolean | undefined;
};

export interface Stickers {
  list(): Promise<readonly PackInfo[]>;
  get(reference: string): Promise<PackContent>;
  file(reference: string, sticker: string): Promise<StickerContent>;
  create(sources: readonly StickerSource[], wish: PackWish): Promise<MadePack>;
  importTelegram(wish: TelegramImport): Promise<MadePack>;
  share(reference: string): Promise<string>;
  look(link: string): Promise<PackContent>;
  add(link: string): Promise<PackInfo>;
  remove(reference: string): Promise<void>;
  recent(): Promise<readonly RecentSticker[]>;
  /** The sticker as a message in this room holds it; notes that it was used. */
  toSend(room: RoomUri, wish: StickerWish): Promise<SentSticker>;
  /** The custom emoji that a text names. */
  emojiIn(room: RoomUri, text: string): Promise<readonly SentSticker[]>;
  /** A custom emoji by `:name:`. Refuses `notFound`. */
  emoji(room: RoomUri, name: string): Promise<SentSticker>;
  received(room: RoomUri, sticker: SentSticker): Promise<StickerContent>;
}

export function createStickers(context: {
  readonly env: Pick<Env, "fetch" | "now" | "soon" | "timer">;
  readonly store: LocalStore;
  readonly assets: StickerAssets;
  /** How what was chosen reaches the user's other clients. */
  readonly chosen: { now(): number; push(): Promise<void>; pull(): Promise<void> };
}): Stickers {
  const { env, store, assets, chosen } = context;
  const pause = () => new Promise<void>((resolve) => env.soon(resolve));
  const parts = { store, assets, pause };

  const find = async (reference: string): Promise<OwnPack> => {
    const packs = await store.transaction(ownPacks);
    const whole = packs.filter(({ id, title }) => id === reference || title === reference);
    const found =
      whole.length > 0 || reference.length < 4
        ? whole
        : packs.filter(({ id }) => id.startsWith(reference));
    const [only, another] = found;
    if (only === undefined) throw new Refusal("notFound", "you have no such sticker pack");
    if (another === undefined) return only;
    throw new Refusal("notFound", "more than one of your packs is called so: name one by its id");
  };
  const choose = async (wish: Pick<StickerWish, "pack" | "sticker">): Promise<Chosen> => {
    const own = await find(wish.pack);
    const manifest = await packHere(parts, own);
    const index = indexOfSticker(manifest, wish.sticker, ({ hash }) => toHex(hash));
    const item = index === undefined ? undefined : manifest.items[index];
    if (index !== undefined && item !== undefined) return { own, index, item };
    throw new Refusal("notFound", "there is no such sticker in the pack");
  };
  /** Keeps a pack here, and notes for all of the user's clients that it is there. */
  const take = async (id: string, pack: DecodedPack, link: PackLink): Promise<PackInfo> => {
    const { title, kind, items } = pack.manifest;
    const own = { id, title, kind, count: items.length, link: formatPackLink(link) };
    await store.transaction((tx) => {
      writeOwnPack(tx, own, chosen.now());
      keepPack(tx, id, pack);
    });
    await chosen.push();
    const packs = await store.transaction(ownPacks);
    const written = packs.find((one) => one.id === id);
    if (written === undefined)
      throw new Refusal("conflict", "the pack was removed again meanwhile");
    return packInfo(written);
  };
  const make = async (
    sources: readonly StickerSource[],
    wish: PackWish,
    signal?: AbortSignal,
  ): Promise<MadePack> => {
    const { pack, encoded, refused } = await makePack(sources, wish, pause);
    const id = packIdOf(encoded);
    const there = (await store.transaction(ownPacks)).find((one) => one.id === id);
    if (there !== undefined) return { pack: packInfo(there), refused };
    await roomForOne();
    const link = await publish(encoded, signal);
    return { pack: await take(id, pack, link), refused };
  };
  /** Before anything is uploaded: `writeOwnPack` refuses the same once more when it is written. */
  const roomForOne = async (): Promise<void> => {
    const { packsPerUserMax: limit } = STICKER_LIMITS;
    if ((await store.transaction(ownPacks)).length < limit) return;
    const limitName = "packsPerUserMax";
    throw new Refusal("limitExceeded", `you have ${limit} packs`, { limitName, limit });
  };
  const publish = async (
    encoded: Uint8Array<ArrayBuffer>,
    signal?: AbortSignal,
  ): Promise<PackLink> =>
    checkPackLink(await assets.upload(encoded, { access: { kind: "bearer" }, signal }));

  /** The pack's link; another one in its place when the server is about to let go of the asset. */
  const lasting = async (own: OwnPack): Promise<PackLink> => {
    const { expires } = own.link;
    if (expires === 0 || expires * 1000 > env.now() + renewMs) return own.link;
    const encoded = await store.transaction((tx) => keptPack(tx, own.id));
    if (encoded === undefined || packIdOf(encoded) !== own.id) return own.link;
    const link = await publish(encoded);
    const { id, title, kind, count } = own;
    const renewed = { id, title, kind, count, link: formatPackLink(link) };
    await store.transaction((tx) => writeOwnPack(tx, renewed, chosen.now()));
    await chosen.push();
    return link;
  };

  return {
    async list() {
      await chosen.pull();
      return (await store.transaction(ownPacks)).map(packInfo);
    },
    async get(reference) {
      const own = await find(reference);
      return contentOf(own.id, await packHere(parts, own));
    },
    async file(reference, sticker) {
      const { own, index, item } = await choose({ pack: reference, sticker });
      const bytes = await store.transaction((tx) => tx.stickerPacks.file(own.id, index));
      if (bytes === undefined) throw new RangeError("a pack that is here has its files");
      checkFile(bytes, item);
      return { ...stickerInfo(item), bytes };
    },
    create: (sources, wish) => make(sources, wish),
    async importTelegram(wish) {
      const set = await fetchSet({ env, store }, wish);
      const { sources, forget, refused: missing, ...pack } = set;
      const made = await make(sources, pack, wish.signal);
      await forget();
      return { ...made, refused: [...missing, ...made.refused] };
    },
    async share(reference) {
      return formatPackLink(await lasting(await find(reference)));
    },
    async look(text) {
      const { id, pack } = await fetchPack(parts, parsePackLink(text));
      return contentOf(id, pack.manifest);
    },
    async add(text) {
      const link = parsePackLink(text);
      const { id, pack } = await fetchPack(parts, link);
      const there = (await store.transaction(ownPacks)).find((one) => one.id === id);
      if (there !== undefined) return packInfo(there);
      await roomForOne();
      // A reference of one's own: what its giver removes stays for whoever has it.
      return take(id, pack, checkPackLink(await assets.copy(link, { kind: "bearer" })));
    },
    async remove(reference) {
      const own = await find(reference);
      await assets.delete(own.link.uri);
      await store.transaction((tx) => {
        removeOwnPack(tx, own.id, chosen.now());
        tx.stickerPacks.delete(own.id);
      });
      await chosen.push();
    },
    recent: () => store.transaction(recentStickers),
    async toSend(room, { sharePack = true, ...wish }) {
      const chose = await choose(wish);
      const link = sharePack ? await lasting(chose.own) : chose.own.link;
      const found = { ...chose, own: { ...chose.own, link } };
      const { inlineBytesMax: inlineMax } = STICKER_LIMITS;
      const sent = await sentSticker(parts, room, found, { withPack: sharePack, inlineMax });
      const used = { pack: found.own.id, sticker: toHex(found.item.hash) };
      await store.transaction((tx) => noteUsed(tx, used, chosen.now()));
      await chosen.push();
      return sent;
    },
    emojiIn: (room, text) => emojiIn(parts, room, text),
    async emoji(room, name) {
      const bare = name.replace(/^:(.+):$/, "$1");
      const [found] = await emojiNamed(parts, new Set([bare]));
      if (found === undefined) throw new Refusal("notFound", `you have no emoji :${bare}:`);
      const { inlineBytesMax: inlineMax } = STICKER_LIMITS;
      return sentSticker(parts, room, found, { withPack: false, inlineMax });
    },
    received: (room, sticker) => receivedSticker(assets, room, sticker),
  };
}

/** A link that is given away is good for so long at least, if the server keeps anything that long. */
const renewMs = 7 * 24 * 3600 * 1000;

function packInfo({ id, title, kind, count, addedAt }: OwnPack): PackInfo {
  return { id, title, kind, count, addedAt };
}

function contentOf(id: string, { title, author, kind, items }: PackManifest): PackContent {
  const stickers = items.map((item: StickerItem) => stickerInfo(item));
  return { id, title, author, kind, count: items.length, stickers };
}
