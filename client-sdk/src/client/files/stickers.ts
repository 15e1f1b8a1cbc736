import { SdkError } from "../../errors/index.ts";
import {
  type FolderFile,
  type FolderPack,
  type MadePack,
  type PackContent,
  type PackInfo,
  type PackWish,
  readFolder,
  type RecentSticker,
  type StickerContent,
  type Stickers,
  type StickerSource,
  type TelegramImport,
} from "../../stickers/index.ts";
import { guarded } from "../guarded.ts";

/**
 * The user's sticker packs and custom emoji, the same on all of the user's clients. A pack is one
 * encrypted asset; no server sees what is in it. A pack is named by its id, by a
 * unique beginning of the id, or by its title; a sticker by its number from 1, by `:name:`, or by its id.
 */
export interface ClientStickers {
  /** In the order in which they were added. */
  list(): Promise<readonly PackInfo[]>;
  /** What is in a pack of the user's. Refuses `notFound`. */
  get(pack: string): Promise<PackContent>;
  /** A sticker with its file, octet for octet as its maker had it, after every check of T-38. */
  file(pack: string, sticker: string): Promise<StickerContent>;
  /**
   * Makes a pack of files and adds it. Files that may not be stickers are left out and told of in
   * `refused`; if none is left it refuses `malformed`. Refuses `limitExceeded`, naming the limit.
   */
  create(sources: readonly StickerSource[], pack: PackWish): Promise<MadePack>;
  /** What a folder's files say of a pack, for `create`: order, emoji, names (docs/sdk/stickers.md). */
  readFolder(files: readonly FolderFile[]): Promise<FolderPack>;
  /**
   * Makes a pack of a set of Telegram's, by its Bot API and the user's own token, and adds it. What has
   * come is kept: called again after a fault it goes on. Refuses `notFound`, `notAllowed` (the token),
   * `network` and `aborted`.
   */
  importTelegram(wish: TelegramImport): Promise<MadePack>;
  /** A link that opens the pack for whoever has it, at any server. */
  share(pack: string): Promise<string>;
  /** What is behind a link, without adding it. Refuses packs in which one file is hostile as a whole. */
  look(link: string): Promise<PackContent>;
  /** Adds the pack behind a link. Refuses what `look` does. */
  add(link: string): Promise<PackInfo>;
  /** Removes a pack from all of the user's clients; links to it that the user gave out end. */
  remove(pack: string): Promise<void>;
  /** Those used last, the latest first. */
  recent(): Promise<readonly RecentSticker[]>;
}

export function createClientStickers(stickers: Stickers): ClientStickers {
  return {
    list: () => guarded(() => stickers.list()),
    get: (pack) => guarded(() => stickers.get(pack)),
    file: (pack, sticker) => guarded(() => stickers.file(pack, sticker)),
    create: (sources, pack) => guarded(() => stickers.create(sources, pack)),
    readFolder: (files) => guarded(async () => Promise.resolve(readFolder(files))),
    importTelegram: (wish) =>
      guarded(async () => {
        try {
          return await stickers.importTelegram(wish);
        } catch (error) {
          if (wish.signal?.aborted !== true) throw error;
          throw new SdkError("aborted", "the import was stopped; what has come is kept");
        }
      }),
    share: (pack) => guarded(() => stickers.share(pack)),
    look: (link) => guarded(() => stickers.look(link)),
    add: (link) => guarded(() => stickers.add(link)),
    remove: (pack) => guarded(() => stickers.remove(pack)),
    recent: () => guarded(() => stickers.recent()),
  };
}
