import {
  type Bytes,
  type ClientUri,
  fromBase64Url,
  type RoomUri,
  toBase64Url,
  type UserUri,
} from "@treehouse/protocol";
import { z } from "zod";

import type { LocalTx } from "../../storage/index.ts";
import { readPositionOf } from "./read-position.ts";
import { recordOfPerson, recordOfRoom, SETTINGS_RECORD } from "./records.ts";

/** What a user notes of a conversation for themselves alone. */
export type RoomNotes = {
  /** A name that only this user sees. */
  readonly ownName: string | undefined;
  /** Everything up to this position has been read; 0 at first. */
  readonly readPosition: number;
};

export function labelOf(tx: LocalTx, user: UserUri): string | undefined {
  return textAt(tx, recordOfPerson(user), `label ${user}`);
}

export function writeLabel(
  tx: LocalTx,
  user: UserUri,
  { label, at }: { readonly label: string | undefined; readonly at: number },
): void {
  tx.accountData.set(recordOfPerson(user), `label ${user}`, { value: label ?? null, at });
}

/** What the user calls a client of their own. */
export function clientNameOf(tx: LocalTx, client: ClientUri): string | undefined {
  return textAt(tx, SETTINGS_RECORD, `client ${client}`);
}

export function writeClientName(
  tx: LocalTx,
  client: ClientUri,
  { name, at }: { readonly name: string | undefined; readonly at: number },
): void {
  tx.accountData.set(SETTINGS_RECORD, `client ${client}`, { value: name ?? null, at });
}

export function notesOf(tx: LocalTx, room: RoomUri): RoomNotes {
  const record = recordOfRoom(room);
  return {
    ownName: textAt(tx, record, `name ${room}`),
    readPosition: readPositionOf(tx, room),
  };
}

export function writeOwnName(
  tx: LocalTx,
  room: RoomUri,
  { name, at }: { readonly name: string | undefined; readonly at: number },
): void {
  tx.accountData.set(recordOfRoom(room), `name ${room}`, { value: name ?? null, at });
}

/** Opens the room's metadata, for clients that came in without a Welcome (architecture §5). */
export function metadataKeyOf(tx: LocalTx, room: RoomUri): Bytes | undefined {
  const text = textAt(tx, recordOfRoom(room), `key ${room}`);
  return text !== undefined && keyForm.test(text) ? fromBase64Url(text) : undefined;
}

/** What is there already stays as it is. */
export function writeMetadataKey(
  tx: LocalTx,
  room: RoomUri,
  { key, at }: { readonly key: Bytes; readonly at: number },
): void {
  const value = toBase64Url(key);
  if (textAt(tx, recordOfRoom(room), `key ${room}`) === value) return;
  tx.accountData.set(recordOfRoom(room), `key ${room}`, { value, at });
}

/** 32 octets as base64url. */
const keyForm = /^[\w-]{42}[AEIMQUYcgkosw048]$/;

const backupKey = "backup head";
const backupOnKey = "backup on";

/** Where the newest version of the backup lies; see `history/backup`. */
export function backupHeadOf(tx: LocalTx): unknown {
  return tx.accountData.get(SETTINGS_RECORD).entries[backupKey]?.value;
}

export function writeBackupHead(
  tx: LocalTx,
  value: Readonly<Record<string, string | number>>,
  at: number,
): void {
  tx.accountData.set(SETTINGS_RECORD, backupKey, { value, at });
}

/** Unless the user has chosen otherwise, there is one. */
export function isBackupOn(tx: LocalTx): boolean {
  return tx.accountData.get(SETTINGS_RECORD).entries[backupOnKey]?.value !== false;
}

export function writeBackupOn(tx: LocalTx, on: boolean, at: number): void {
  tx.accountData.set(SETTINGS_RECORD, backupOnKey, { value: on, at });
}

/** What a client of the user asks the others for, or gives to one; see `history/transfer`. */
export function historyNoteOf(tx: LocalTx, kind: "ask" | "give", client: ClientUri): unknown {
  return tx.accountData.get(SETTINGS_RECORD).entries[`history ${kind} ${client}`]?.value;
}

export function writeHistoryNote(
  tx: LocalTx,
  kind: "ask" | "give",
  client: ClientUri,
  entry: { readonly value: Readonly<Record<string, string>> | null; readonly at: number },
): void {
  tx.accountData.set(SETTINGS_RECORD, `history ${kind} ${client}`, entry);
}

function textAt(tx: LocalTx, record: string, key: string): string | undefined {
  return z.string().safeParse(tx.accountData.get(record).entries[key]?.value).data;
}
