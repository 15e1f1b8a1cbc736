import { roomField, type RoomUri, sha256, toBase64Url, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

import { fileRecords, recordOfFile } from "../account/index.ts";
import type { LocalTx } from "../storage/index.ts";
import { LIBRARY_LIMITS } from "./library-limits.ts";

/** What never changes of a file in the library. Short names: thousands of them are kept. */
const originSchema = z.object({
  /** Name at first. */
  n: z.string().max(LIBRARY_LIMITS.nameMax),
  /** Media type. */
  t: z.string().max(LIBRARY_LIMITS.mediaTypeMax),
  /** The asset's link as text: with its key. */
  l: z.string().max(LIBRARY_LIMITS.linkMax),
  /** When it came into the library, in milliseconds since the Unix epoch. */
  a: z.int().nonnegative(),
  /** The message that it stands in: conversation, id, number of the file. */
  m: z.tuple([roomField, z.string(), z.int().nonnegative()]).optional(),
  /** Ids of the first version and of the one that it changed. */
  v: z.tuple([z.string(), z.string()]).optional(),
});
const tagsSchema = z.array(z.string().max(LIBRARY_LIMITS.tagMax)).max(LIBRARY_LIMITS.tagsMax);

/** A file of the user's own, as all of the user's clients have it. */
export type LibraryEntry = {
  readonly id: string;
  readonly name: string;
  /** Names joined by `/`; empty: in none. */
  readonly folder: string;
  readonly tags: readonly string[];
  readonly mediaType: string;
  /** Text of the asset's link. */
  readonly link: string;
  readonly addedAt: number;
  readonly message: LibraryMessage | undefined;
  /** Of the first version: its own, unless it continues another file. */
  readonly first: string;
  readonly previous: string | undefined;
};

export type LibraryMessage = {
  readonly conversation: RoomUri;
  readonly id: string;
  /** Which of the message's files, from 0. */
  readonly number: number;
};

export type NewEntry = Omit<LibraryEntry, "first"> & { readonly first?: string | undefined };

/**
 * The id of a message's file: the same for whoever keeps it first, so that two clients of one user
 * keep it once.
 */
export function idOfMessageFile({ conversation, id, number }: LibraryMessage): string {
  const hash = sha256(utf8Encode(`${conversation} ${id} ${number}`));
  return toBase64Url(hash.subarray(0, 16));
}

/** Everything in the library, by name and then by id. What a later version wrote is passed over. */
export function libraryEntries(tx: LocalTx): readonly LibraryEntry[] {
  const found = fileRecords.flatMap((record) => {
    const { entries } = tx.accountData.get(record);
    return Object.keys(entries).flatMap((key) => {
      const id = key.startsWith("file ") ? key.slice(5) : undefined;
      const entry = id === undefined ? undefined : entryIn(entries, id);
      return entry === undefined ? [] : [entry];
    });
  });
  return found.toSorted((a, b) => compare(a.name, b.name) || compare(a.id, b.id));
}

export function libraryEntry(tx: LocalTx, id: string): LibraryEntry | undefined {
  return entryIn(tx.accountData.get(recordOfFile(id)).entries, id);
}

type Entries = ReturnType<LocalTx["accountData"]["get"]>["entries"];

function entryIn(entries: Entries, id: string): LibraryEntry | undefined {
  const origin = originSchema.safeParse(entries[`file ${id}`]?.value).data;
  if (origin === undefined) return undefined;
  const text = (key: string) => z.string().safeParse(entries[`${key} ${id}`]?.value).data;
  return {
    id,
    name: text("name") ?? origin.n,
    folder: text("folder") ?? "",
    tags: tagsSchema.safeParse(entries[`tags ${id}`]?.value).data ?? [],
    mediaType: origin.t,
    link: origin.l,
    addedAt: origin.a,
    message: messageIn(origin.m),
    first: origin.v?.[0] ?? id,
    previous: origin.v?.[1],
  };
}

function messageIn(place: readonly [RoomUri, string, number] | undefined) {
  if (place === undefined) return undefined;
  const [conversation, id, number] = place;
  return { conversation, id, number };
}

/** Writes what never changes, and where it lies. */
export function writeEntry(tx: LocalTx, entry: NewEntry): void {
  const { id, name, mediaType, link, addedAt, message, first, previous } = entry;
  const value = {
    n: name,
    t: mediaType,
    l: link,
    a: addedAt,
    ...(message === undefined ? {} : { m: [message.conversation, message.id, message.number] }),
    ...(first === undefined || previous === undefined ? {} : { v: [first, previous] }),
  };
  const record = recordOfFile(id);
  tx.accountData.set(record, `file ${id}`, { value, at: addedAt });
  if (entry.folder !== "") writeFolder(tx, id, { folder: entry.folder, at: addedAt });
  if (entry.tags.length > 0) writeTags(tx, id, { tags: entry.tags, at: addedAt });
}

export function writeName(tx: LocalTx, id: string, to: { name: string; at: number }): void {
  tx.accountData.set(recordOfFile(id), `name ${id}`, { value: to.name, at: to.at });
}

export function writeFolder(tx: LocalTx, id: string, to: { folder: string; at: number }): void {
  tx.accountData.set(recordOfFile(id), `folder ${id}`, { value: to.folder, at: to.at });
}

export function writeTags(
  tx: LocalTx,
  id: string,
  to: { readonly tags: readonly string[]; readonly at: number },
): void {
  tx.accountData.set(recordOfFile(id), `tags ${id}`, { value: [...to.tags], at: to.at });
}

/** Takes a file out: what was said of it is gone, and that it was there counts for all clients. */
export function eraseEntry(tx: LocalTx, id: string, at: number): void {
  const record = recordOfFile(id);
  const { entries } = tx.accountData.get(record);
  for (const key of ["file", "name", "folder", "tags"]) {
    const known = entries[`${key} ${id}`];
    if (known === undefined || known.value === null) continue;
    // Never earlier than what it takes away, whatever the clock of the client that wrote that.
    tx.accountData.set(record, `${key} ${id}`, { value: null, at: Math.max(at, known.at + 1) });
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
