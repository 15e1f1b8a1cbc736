/**
 * The client's local store: one database, one client, secrets sealed under a store key.
 *
 * MLS runs before a transaction; what it changed, what was read and the stream's cursor are then
 * written in one (architecture §8: plaintext, ratchet and cursor are one transaction).
 */
import type { Bytes } from "@treehouse/protocol";

import { type AccountDataRows, createAccountDataRows } from "./account-data.ts";
import { type AssetContents, createAssetContents } from "./asset-contents.ts";
import { type Contacts, createContacts } from "./contacts.ts";
import { createCursors, type Cursors } from "./cursors.ts";
import { createIntents, type Intents } from "./intents.ts";
import { createKeyPackageSecrets, type KeyPackageSecrets } from "./key-packages.ts";
import { type FilesReader, filed } from "./filed-messages.ts";
import { createMessageFiles, type MessageFiles } from "./message-files.ts";
import { createMessages, type Messages } from "./messages.ts";
import type { SqlDatabase } from "./port.ts";
import { createPreferences, type PreferenceStore } from "./preferences.ts";
import { createProfiles, type Profiles } from "./profiles.ts";
import { createReceipts, type Receipts } from "./receipts.ts";
import { createRelations, type Relations } from "./relations.ts";
import { createRooms, type Rooms } from "./rooms.ts";
import { migrate, wipe } from "./schema.ts";
import { createSeal, StoreFault } from "./seal.ts";
import { createSettings, type Settings } from "./settings.ts";
import { createUploads, type Uploads } from "./uploads.ts";

export { dataEntriesSchema } from "./account-data.ts";
export type { DataEntries, DataEntry, DataRow } from "./account-data.ts";
export { isAccepted } from "./contacts.ts";
export type { ContactRow } from "./contacts.ts";
export type { Cursor } from "./cursors.ts";
export type { IntentKind, IntentRow, IntentStatus } from "./intents.ts";
export type { FilesOfContent, FilesReader } from "./filed-messages.ts";
export type { MessageFileRow, ReleasedAsset } from "./message-files.ts";
export type { MessageKind, MessageRow, Unread } from "./messages.ts";
export type { Preferences } from "./preferences.ts";
export type { SqlDatabase, SqlRow, SqlTx, SqlValue } from "./port.ts";
export type { RoomRow, RoomStatus } from "./rooms.ts";
export { StoreFault } from "./seal.ts";

/** One transaction over all of the store. It ends with the closure that received it. */
export type LocalTx = {
  readonly settings: Settings;
  readonly accountData: AccountDataRows;
  readonly preferences: PreferenceStore;
  readonly rooms: Rooms;
  readonly cursors: Cursors;
  readonly messages: Messages;
  readonly messageFiles: MessageFiles;
  readonly intents: Intents;
  readonly keyPackages: KeyPackageSecrets;
  readonly contacts: Contacts;
  readonly relations: Relations;
  readonly profiles: Profiles;
  readonly receipts: Receipts;
  readonly uploads: Uploads;
  readonly assetContents: AssetContents;
};

export interface LocalStore {
  /** Runs the synchronous closure; resolves when its writes are durable. */
  transaction<T>(run: (tx: LocalTx) => T): Promise<T>;
  /** Forgets everything: keys, history and whom it knows. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

const keyCheck = "store key check";

/**
 * Opens the store over an engine. `key` is 32 octets; a store written under another key is
 * refused with `storeKeyWrong` before anything is touched. `files` tells what messages say of theirs.
 */
export async function openLocalStore(
  database: SqlDatabase,
  key: Uint8Array,
  random: (length: number) => Bytes,
  files: FilesReader = () => undefined,
): Promise<LocalStore> {
  const seal = createSeal(key, random);
  await database.transaction((sql) => {
    migrate(sql);
    const settings = createSettings(sql, seal);
    try {
      if (settings.get(keyCheck) === undefined) settings.put(keyCheck, new Uint8Array(1));
    } catch (cause) {
      throw new StoreFault("storeKeyWrong", "the store was sealed under another key", { cause });
    }
  });
  return {
    transaction(run) {
      return database.transaction((sql) => {
        const accountData = createAccountDataRows(sql, seal);
        const messageFiles = createMessageFiles(sql);
        return run({
          settings: createSettings(sql, seal),
          accountData,
          preferences: createPreferences(accountData),
          rooms: createRooms(sql, seal),
          cursors: createCursors(sql),
          messages: filed(createMessages(sql, seal), messageFiles, files),
          messageFiles,
          intents: createIntents(sql, seal),
          keyPackages: createKeyPackageSecrets(sql, seal),
          contacts: createContacts(sql),
          relations: createRelations(sql, seal),
          profiles: createProfiles(sql, seal),
          receipts: createReceipts(sql),
          uploads: createUploads(sql, seal),
          assetContents: createAssetContents(sql, seal),
        });
      });
    },
    wipe: () => database.transaction(wipe),
    close() {
      return database.close();
    },
  };
}
