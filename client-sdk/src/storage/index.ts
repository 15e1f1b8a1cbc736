/**
 * The client's local store: one database, one client, secrets sealed under a store key.
 *
 * MLS runs before a transaction; what it changed, what was read and the stream's cursor are then
 * written in one (architecture §8: plaintext, ratchet and cursor are one transaction).
 */
import type { Bytes } from "@treehouse/protocol";

import { type AccountDataRows, createAccountDataRows } from "./account-data.ts";
import { type AuditRows, createAuditRows } from "./audit.ts";
import { type AssetContents, createAssetContents } from "./asset-contents.ts";
import { type Contacts, createContacts } from "./contacts.ts";
import { createCursors, type Cursors } from "./cursors.ts";
import { createExpiring, type Expiring } from "./expiring.ts";
import { createHistoryRows, type HistoryRows } from "./history.ts";
import { createIntents, type Intents } from "./intents.ts";
import { createKeyPackageSecrets, type KeyPackageSecrets } from "./key-packages.ts";
import { type FilesReader, filed } from "./filed-messages.ts";
import { createMessageFiles, type MessageFiles } from "./message-files.ts";
import { createMessages, type Messages } from "./messages.ts";
import type { Durability, SqlDatabase, SqlTx } from "./port.ts";
import { createPreferences, type PreferenceStore } from "./preferences.ts";
import { createProfiles, type Profiles } from "./profiles.ts";
import { createReceipts, type Receipts } from "./receipts.ts";
import { createRelations, type Relations } from "./relations.ts";
import { createRooms, type Rooms } from "./rooms.ts";
import { type Describer, indexed, indexSlice } from "./indexed-messages.ts";
import { migrate, wipe } from "./schema.ts";
import { createThreads, type Threads } from "./threads.ts";
import { createStickerPacks, type StickerPacks } from "./sticker-packs.ts";
import { createSeal, type CreateSeal, type Seal, StoreFault } from "./seal.ts";
import { createSearchIndex, type IndexState, type SearchRows } from "./search-index.ts";
import { createTermHasher, type TermHasher } from "./search-terms.ts";
import { createSenderChains, type SenderChains } from "./sender-chains.ts";
import { createSettings, type Settings } from "./settings.ts";
import { createUnreadMessages, type UnreadMessages } from "./unread.ts";
import { createUploads, type Uploads } from "./uploads.ts";

export { dataEntriesSchema, nothingOf } from "./account-data.ts";
export type { AuditPlace, AuditRow, AuditState, AuditTold } from "./audit.ts";
export type { DataEntries, DataEntry, DataRow } from "./account-data.ts";
export { isAccepted } from "./contacts.ts";
export type { ContactRow } from "./contacts.ts";
export type { Cursor } from "./cursors.ts";
export type { HistoryKey, RowsWanted, Span, ToldRoom } from "./history.ts";
export type { Describer } from "./indexed-messages.ts";
export type { IntentKind, IntentRow, IntentStatus, NewIntent } from "./intents.ts";
export type { FilesOfContent, FilesReader } from "./filed-messages.ts";
export type { MessageFileRow, ReleasedAsset } from "./message-files.ts";
export type { MessageKind, MessageRow } from "./messages.ts";
export type { Unread } from "./unread.ts";
export type { Preferences } from "./preferences.ts";
export type { Durability, SqlDatabase, SqlRow, SqlTx, SqlValue } from "./port.ts";
export type { RoomRow, RoomStatus } from "./rooms.ts";
export type { IndexState } from "./search-index.ts";
export type { SearchPlace } from "./search-order.ts";
export type { FacetGroup, Searchable } from "./search-terms.ts";
export { type CreateSeal, StoreFault } from "./seal.ts";
export type { SenderState } from "./sender-chains.ts";

/** One transaction over all of the store. It ends with the closure that received it. */
export type LocalTx = {
  readonly settings: Settings;
  readonly accountData: AccountDataRows;
  readonly preferences: PreferenceStore;
  readonly rooms: Rooms;
  readonly cursors: Cursors;
  /** Written with what can be found of them. */
  readonly messages: Messages;
  readonly history: HistoryRows;
  readonly search: SearchRows & {
    /** Indexes the next of what there was before the index; answers how far it is then. */
    indexSlice(limit: number): IndexState;
    /** Empties the index; slices fill it again. */
    indexAnew(): void;
  };
  readonly messageFiles: MessageFiles;
  readonly intents: Intents;
  readonly keyPackages: KeyPackageSecrets;
  readonly contacts: Contacts;
  readonly relations: Relations;
  readonly profiles: Profiles;
  readonly receipts: Receipts;
  readonly senderChains: SenderChains;
  readonly audit: AuditRows;
  readonly threads: Threads;
  readonly expiring: Expiring;
  readonly unread: UnreadMessages;
  readonly uploads: Uploads;
  readonly assetContents: AssetContents;
  readonly stickerPacks: StickerPacks;
};

export interface LocalStore {
  /** Runs the synchronous closure; resolves when its writes are durable, if they are to be. */
  transaction<T>(run: (tx: LocalTx) => T, durability?: Durability): Promise<T>;
  /** Resolves when everything that was written is durable. */
  settle(): Promise<void>;
  /** Forgets everything: keys, history and whom it knows. */
  wipe(): Promise<void>;
  close(): Promise<void>;
}

const keyCheck = "store key check";

/** Of a store that is only written to. */
const nothingToFind: Describer = { describe: () => undefined, alters: () => false };

/**
 * Opens the store over an engine. `key` is 32 octets; a store written under another key is
 * refused with `storeKeyWrong` before anything is touched. `describer` says what can be found, `files`
 * what messages say of theirs.
 */
export async function openLocalStore(
  database: SqlDatabase,
  key: Uint8Array,
  random: (length: number) => Bytes,
  describer: Describer = nothingToFind,
  files: FilesReader = () => undefined,
  createSealWith: CreateSeal = createSeal,
): Promise<LocalStore> {
  const seal = createSealWith(key, random);
  const hasher = createTermHasher(key);
  await database.transaction((sql) => {
    migrate(sql);
    const settings = createSettings(sql, seal);
    try {
      if (settings.get(keyCheck) === undefined) settings.put(keyCheck, new Uint8Array(1));
    } catch (cause) {
      throw new StoreFault("storeKeyWrong", "the store was sealed under another key", { cause });
    }
  });
  /** An engine gives the same handle to each transaction. */
  let made: { readonly sql: SqlTx; readonly rows: Rows } | undefined;
  const rowsOf = (sql: SqlTx): Rows => {
    if (made?.sql !== sql)
      made = { sql, rows: createRows(sql, { seal, hasher, describer, files }) };
    return made.rows;
  };
  return {
    settle: () => database.settle(),
    transaction(run, durability) {
      return database.transaction((sql) => {
        const accountData = createAccountDataRows(sql, seal);
        return run({ ...rowsOf(sql), accountData, preferences: createPreferences(accountData) });
      }, durability);
    },
    wipe: () => database.transaction(wipe),
    close() {
      return database.close();
    },
  };
}

/** What remembers nothing of the transaction that it is used in. */
type Rows = Omit<LocalTx, "accountData" | "preferences">;

type RowsOptions = {
  readonly seal: Seal;
  readonly hasher: TermHasher;
  readonly describer: Describer;
  readonly files: FilesReader;
};

function createRows(sql: SqlTx, { seal, hasher, describer, files }: RowsOptions): Rows {
  const index = createSearchIndex(sql, hasher);
  const messages = createMessages(sql, seal);
  const messageFiles = createMessageFiles(sql);
  return {
    settings: createSettings(sql, seal),
    rooms: createRooms(sql, seal),
    cursors: createCursors(sql),
    history: createHistoryRows(sql, seal),
    messages: indexed(filed(messages, messageFiles, files), index, describer),
    messageFiles,
    search: {
      find: (page) => index.find(page),
      state: () => index.state(),
      placeBefore: (at) => index.placeBefore(at),
      indexAnew: () => index.forgetAll(),
      indexSlice: (limit) => indexSlice(messages, index, describer, limit),
    },
    intents: createIntents(sql, seal),
    keyPackages: createKeyPackageSecrets(sql, seal),
    contacts: createContacts(sql),
    relations: createRelations(sql, seal),
    profiles: createProfiles(sql, seal),
    receipts: createReceipts(sql),
    senderChains: createSenderChains(sql, seal),
    audit: createAuditRows(sql, seal),
    threads: createThreads(sql, seal),
    expiring: createExpiring(sql, seal),
    unread: createUnreadMessages(sql),
    uploads: createUploads(sql, seal),
    assetContents: createAssetContents(sql, seal),
    stickerPacks: createStickerPacks(sql, seal),
  };
}
