import {
  type Env,
  formatAssetLink,
  parseAssetLink,
  Refusal,
  toBase64Url,
  type AssetLink,
} from "@treehouse/protocol";

import type { LocalStore, LocalTx } from "../storage/index.ts";
import { conversationFileAt } from "./conversation-files.ts";
import { type FileFilter, findFiles, liesIn } from "./find-files.ts";
import {
  eraseEntry,
  idOfMessageFile,
  libraryEntries,
  libraryEntry,
  type LibraryEntry,
  type LibraryMessage,
  writeEntry,
  writeFolder,
  writeName,
  writeTags,
} from "./library.ts";
import { LIBRARY_LIMITS } from "./library-limits.ts";
import { checkedFolder, checkedName, checkedTags } from "./library-names.ts";
import { type FileWish, prepareFile } from "./prepare-file.ts";
import type { FileStore, Transfer } from "./ports.ts";
import { type Placed, placed } from "./versions.ts";

/** A file in the user's library. A value; `client.files` opens it. */
export type LibraryFile = Omit<LibraryEntry, "link"> & {
  /** Where it lies, with its key. */
  readonly link: AssetLink;
  /** Octets. */
  readonly size: number;
  /** How many versions there are of it. */
  readonly versions: number;
  readonly current: boolean;
  readonly head: boolean;
};

/** Where a file comes to lie. */
export type Keeping = {
  readonly folder?: string | undefined;
  readonly tags?: readonly string[] | undefined;
};

/**
 * What the user keeps of files: own ones, and those of conversations. Names, folders and tags are
 * sealed, and the same on all of the user's clients.
 */
export interface Library {
  /** Current versions, by name; everything that the filter names has to fit. Asks no server. */
  list(filter?: FileFilter): Promise<readonly LibraryFile[]>;
  /** Every folder that holds a file, and those above them, each once. */
  folders(): Promise<readonly string[]>;
  get(id: string): Promise<LibraryFile>;
  /** Uploads a file for the user's own clients; `versionOf` puts it behind one that is there. */
  add(
    wish: FileWish & Keeping & Transfer & { readonly versionOf?: string | undefined },
  ): Promise<LibraryFile>;
  /** Keeps a file of a conversation, for as long as its message stands there. */
  keep(message: LibraryMessage, keeping?: Keeping): Promise<LibraryFile>;
  rename(id: string, name: string): Promise<void>;
  move(id: string, folder: string): Promise<void>;
  /** Moves everything in a folder and below it. */
  moveFolder(from: string, to: string): Promise<void>;
  tag(id: string, tags: readonly string[]): Promise<void>;
  /** Oldest first. */
  versions(id: string): Promise<readonly LibraryFile[]>;
  /** Makes an earlier version the current one, by a new version with the same content. */
  restore(id: string): Promise<LibraryFile>;
  /** Takes a file with all its versions out; what only the user had is deleted at the server. */
  remove(id: string): Promise<void>;
}

export function createLibrary(parts: {
  readonly env: Pick<Env, "now" | "random">;
  readonly store: LocalStore;
  readonly files: FileStore;
  /** Resolves also when the server is away. */
  readonly push: () => Promise<void>;
}): Library {
  const { env, store, files, push } = parts;
  const change = async <T>(write: (tx: LocalTx, at: number) => T): Promise<T> => {
    const result = await store.transaction((tx) => write(tx, env.now()));
    await push();
    return result;
  };
  const place = (tx: LocalTx, folder: string) => {
    const all = libraryEntries(tx).filter((entry) => liesIn(entry.folder, folder));
    if (all.length === 0) throw new Refusal("notFound", "there is no such folder");
    return all;
  };
  const add = async (
    link: AssetLink,
    file: Pick<LibraryEntry, "id" | "name" | "mediaType"> & Keeping,
    more: { readonly message?: LibraryMessage; readonly versionOf?: string | undefined },
  ): Promise<LibraryFile> => {
    const { message, versionOf } = more;
    return change((tx, addedAt) => {
      if (libraryEntries(tx).length >= LIBRARY_LIMITS.filesMax) throw full();
      const before = versionOf === undefined ? undefined : entryWith(tx, versionOf);
      writeEntry(tx, {
        ...file,
        folder: checkedFolder(file.folder ?? before?.folder ?? ""),
        tags: checkedTags(file.tags ?? before?.tags ?? []),
        link: formatAssetLink(link),
        addedAt,
        message,
        first: before?.first,
        previous: before?.id,
      });
      return shownWith(tx, file.id);
    });
  };
  return {
    list: (filter = {}) =>
      store.transaction((tx) => {
        const entries = libraryEntries(tx);
        const folder = filter.folder === undefined ? undefined : checkedFolder(filter.folder);
        const found = new Set(findFiles(entries, { ...filter, folder }).map(({ id }) => id));
        return shown(entries).filter(({ id, current }) => current && found.has(id));
      }),
    folders: () =>
      store.transaction((tx) => {
        const found = new Set<string>();
        for (const { folder } of libraryEntries(tx)) {
          const names = folder.split("/").filter((name) => name !== "");
          for (const depth of names.keys()) found.add(names.slice(0, depth + 1).join("/"));
        }
        return [...found].toSorted();
      }),
    get: (id) => store.transaction((tx) => shownWith(tx, id)),
    async add({ versionOf, folder, tags, resumeKey, signal, onProgress, ...wish }) {
      // Before the upload, which may take long.
      const keeping = {
        folder: folder === undefined ? undefined : checkedFolder(folder),
        tags: tags === undefined ? undefined : checkedTags(tags),
      };
      if (versionOf !== undefined) await store.transaction((tx) => entryWith(tx, versionOf));
      const id = toBase64Url(env.random(16));
      // The server sees this name: it says nothing.
      const access = { kind: "own", name: `file/${id}` } as const;
      const made = { store: files, pictures: noPictures, access, previewBytesMax: 0 };
      const transfer = { resumeKey, signal, onProgress };
      const { attachment, link } = await prepareFile(made, wish, transfer);
      const { name, mediaType } = attachment;
      return add(link, { id, name, mediaType, ...keeping }, { versionOf });
    },
    keep: async (message, keeping = {}) => {
      const { file } = await store.transaction((tx) => conversationFileAt(tx, message));
      const { link, name, mediaType } = file;
      if (link === undefined) throw new Refusal("notFound", "this file lies elsewhere");
      return add(link, { id: idOfMessageFile(message), name, mediaType, ...keeping }, { message });
    },
    rename: (id, name) =>
      change((tx, at) => {
        writeName(tx, entryWith(tx, id).id, { name: checkedName(name), at });
      }),
    move: (id, folder) =>
      change((tx, at) => {
        const to = { folder: checkedFolder(folder), at };
        for (const one of versionsWith(tx, id)) writeFolder(tx, one.id, to);
      }),
    moveFolder: (from, to) =>
      change((tx, at) => {
        const [old, next] = [checkedFolder(from), checkedFolder(to)];
        if (old === "") throw new Refusal("malformed", "everything cannot be moved at once");
        for (const { id, folder } of place(tx, old)) {
          const below = folder.slice(old.length);
          writeFolder(tx, id, { folder: checkedFolder(`${next}${below}`), at });
        }
      }),
    tag: (id, tags) =>
      change((tx, at) => writeTags(tx, entryWith(tx, id).id, { tags: checkedTags(tags), at })),
    versions: (id) => store.transaction((tx) => versionsWith(tx, id)),
    restore: async (id) => {
      const all = await store.transaction((tx) => versionsWith(tx, id));
      const old = all.find((one) => one.id === id);
      const current = all.find((one) => one.current);
      if (old === undefined || current === undefined || old === current) {
        throw new Refusal("malformed", "this is the current version");
      }
      const fresh = toBase64Url(env.random(16));
      const link = await files.copy(old.link, { kind: "own", name: `file/${fresh}` });
      const { name, mediaType } = old;
      return add(link, { id: fresh, name, mediaType }, { versionOf: current.id });
    },
    remove: async (id) => {
      const gone = await change((tx, at) => {
        const all = versionsWith(tx, id);
        for (const one of all) eraseEntry(tx, one.id, at);
        return all;
      });
      const own = gone.filter(({ link }) => link.access.kind === "own");
      for (const { link } of own) await files.delete(link.uri);
    },
  };
}

/** A library holds whole files; previews belong into messages. */
const noPictures = () => Promise.resolve(undefined);

function entryWith(tx: LocalTx, id: string): LibraryEntry {
  const entry = libraryEntry(tx, id);
  if (entry !== undefined) return entry;
  throw new Refusal("notFound", "there is no file with this id in the library");
}

function shownWith(tx: LocalTx, id: string): LibraryFile {
  const entry = entryWith(tx, id);
  const found = shown(libraryEntries(tx)).find((one) => one.id === entry.id);
  if (found !== undefined) return found;
  throw new Refusal("notFound", "there is no file with this id in the library");
}

function versionsWith(tx: LocalTx, id: string): readonly LibraryFile[] {
  const { first } = entryWith(tx, id);
  return shown(libraryEntries(tx))
    .filter((one) => one.first === first)
    .toSorted((a, b) => a.addedAt - b.addedAt);
}

/** What another version of the program may have written and this one cannot open is not shown. */
function shown(entries: readonly LibraryEntry[]): readonly LibraryFile[] {
  const families = Map.groupBy(entries, ({ first }) => first);
  const standing = new Map<string, Placed<LibraryEntry> & { readonly versions: number }>();
  for (const family of families.values()) {
    const ordered = family.toSorted((a, b) => a.addedAt - b.addedAt || (a.id < b.id ? -1 : 1));
    for (const one of placed(ordered)) standing.set(one.id, { ...one, versions: ordered.length });
  }
  return entries.flatMap(({ id }) => {
    const one = standing.get(id);
    const link = one === undefined ? undefined : linkIn(one.link);
    return one === undefined || link === undefined ? [] : [{ ...one, link, size: link.size }];
  });
}

function linkIn(text: string): AssetLink | undefined {
  try {
    return parseAssetLink(text);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function full(): Refusal {
  const limit = LIBRARY_LIMITS.filesMax;
  const text = `a library has at most ${limit} files and versions`;
  return new Refusal("limitExceeded", text, { limitName: "filesMax", limit });
}
