import { type RoomUri, roomField, toBase64Url } from "@treehouse/protocol";
import { z } from "zod";

import type { LocalTx } from "../../storage/index.ts";
import { placeRecords, recordOfPlace, SETTINGS_RECORD } from "./records.ts";

/** Where a user has put a conversation, for themselves alone. */
export type Placed = {
  /** Among the pinned ones, from 0 on; undefined: not pinned. */
  readonly pinned: number | undefined;
  readonly archived: Archived | undefined;
  /** Milliseconds since the Unix epoch, or for good; undefined: not muted. */
  readonly muted: number | "always" | undefined;
  /** Marked as unread, whatever was read. */
  readonly marked: boolean;
  /** What is told of it. */
  readonly level: Level | undefined;
  /** In the order of the alphabet. */
  readonly labels: readonly string[];
  /** Ids, in the order of the folders. */
  readonly folders: readonly string[];
};

type Level = z.infer<typeof levelSchema>;

/** Archived when everything up to a position was there; with `keep` whatever comes. */
export type Archived = { readonly position: number; readonly keep: boolean };

export type Folder = { readonly id: string; readonly name: string };

/** What is written of a conversation; null takes it back. */
export type PlaceChange = {
  readonly pin?: number | null;
  readonly archive?: Archived | null;
  readonly mute?: number | "always" | null;
  readonly marked?: true | null;
  readonly level?: Level | null;
  readonly labels?: ReadonlyMap<string, true | null>;
  readonly folders?: ReadonlyMap<string, true | null>;
};

const archivedSchema = z.object({ position: z.int().nonnegative(), keep: z.boolean() });
const levelSchema = z.enum(["all", "mentions", "none"]);
const mutedSchema = z.union([z.literal("always"), z.int().nonnegative()]);
const folderSchema = z.object({ name: z.string(), order: z.number() });

export function placeOf(tx: LocalTx, room: RoomUri): Placed {
  const { entries } = tx.accountData.get(recordOfPlace(room));
  const valueOf = (key: string): unknown => entries[`${key} ${room}`]?.value;
  const chosen = (start: string): readonly string[] =>
    Object.entries(entries).flatMap(([key, { value }]) =>
      value === true && key.startsWith(`${start} ${room} `)
        ? [key.slice(start.length + room.length + 2)]
        : [],
    );
  const inFolders = new Set(chosen("folder"));
  // All other records are read for a pinned one only, so that a list costs what its conversations do.
  const isPinned = typeof valueOf("pin") === "number";
  return {
    pinned: isPinned ? pinsOf(tx).findIndex((one) => one.room === room) : undefined,
    archived: archivedSchema.safeParse(valueOf("archive")).data,
    muted: mutedSchema.safeParse(valueOf("mute")).data,
    marked: valueOf("unread") === true,
    level: levelSchema.safeParse(valueOf("notify")).data,
    labels: chosen("label").toSorted((a, b) => (a < b ? -1 : 1)),
    folders: (inFolders.size === 0 ? [] : foldersOf(tx))
      .filter(({ id }) => inFolders.has(id))
      .map(({ id }) => id),
  };
}

/**
 * The pinned conversations in their order, which all clients of the user have alike: a pin is a number,
 * and of two with the same the URI decides.
 */
export function pinsOf(tx: LocalTx): readonly { readonly room: RoomUri; readonly rank: number }[] {
  return placeRecords
    .flatMap((record) => Object.entries(tx.accountData.get(record).entries))
    .flatMap(([key, { value }]) => {
      const room = key.startsWith("pin ") ? roomField.safeParse(key.slice(4)).data : undefined;
      return room === undefined || typeof value !== "number" ? [] : [{ room, rank: value }];
    })
    .toSorted((a, b) => a.rank - b.rank || (a.room < b.room ? -1 : 1));
}

export function writePlace(
  tx: LocalTx,
  room: RoomUri,
  { change, at }: { readonly change: PlaceChange; readonly at: number },
): void {
  const { pin, archive, mute, marked, level, labels = [], folders = [] } = change;
  const set = (key: string, value: PlaceValue | undefined): void => {
    if (value === undefined) return;
    tx.accountData.set(recordOfPlace(room), key, { value, at });
  };
  set(`pin ${room}`, pin);
  set(`archive ${room}`, archive);
  set(`mute ${room}`, mute);
  set(`unread ${room}`, marked);
  set(`notify ${room}`, level);
  for (const [label, value] of labels) set(`label ${room} ${label}`, value);
  for (const [folder, value] of folders) set(`folder ${room} ${folder}`, value);
}

type PlaceValue = number | "always" | true | null | Archived | Level;

/** In the user's order. */
export function foldersOf(tx: LocalTx): readonly (Folder & { readonly order: number })[] {
  return Object.entries(tx.accountData.get(SETTINGS_RECORD).entries)
    .flatMap(([key, { value }]) => {
      const folder = key.startsWith("folder ") ? folderSchema.safeParse(value).data : undefined;
      return folder === undefined ? [] : [{ id: key.slice("folder ".length), ...folder }];
    })
    .toSorted((a, b) => a.order - b.order || (a.id < b.id ? -1 : 1));
}

/** Undefined deletes it; what was in it is in no folder less than before. */
export function writeFolder(
  tx: LocalTx,
  id: string,
  {
    folder,
    at,
  }: {
    readonly folder: { readonly name: string; readonly order: number } | undefined;
    readonly at: number;
  },
): void {
  tx.accountData.set(SETTINGS_RECORD, `folder ${id}`, { value: folder ?? null, at });
}

export function newFolderId(random: (length: number) => Uint8Array): string {
  return toBase64Url(random(9));
}
