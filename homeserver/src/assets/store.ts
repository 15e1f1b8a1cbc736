import type { AssetAudience, AssetUri, Bytes, Domain, RoomUri, UserUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../platform/index.ts";

/** One reference to a blob, for one audience. */
export type StoredAsset = {
  readonly asset: AssetUri;
  readonly owner: UserUri;
  readonly blob: string;
  readonly size: number;
  readonly hash: Bytes;
  readonly access: StoredAccess;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
};

export type StoredAccess =
  | { readonly kind: "room"; readonly room: RoomUri }
  | { readonly kind: "bearer"; readonly secretHash: Bytes }
  | { readonly kind: "own"; readonly name: string };

export type StoredUpload = {
  readonly blob: string;
  readonly owner: UserUri;
  readonly size: number;
  readonly audience: AssetAudience;
  readonly expiresAt: number | undefined;
  readonly touchedAt: number;
  readonly asset: AssetUri | undefined;
};

/** A copy of another server's asset. */
export type StoredCopy = {
  readonly asset: AssetUri;
  readonly size: number;
  readonly grant: CopyGrant;
  readonly askedAt: number;
  readonly usedAt: number;
};

/** What another server gave an asset for. */
export type CopyGrant =
  | { readonly kind: "room"; readonly room: RoomUri }
  | { readonly kind: "bearer"; readonly secretHash: Bytes };

export type Usage = { readonly bytes: number; readonly assets: number; readonly uploads: number };

/** What this module asks of a database. `store.contract.ts` says how an adapter must behave. */
export interface AssetStore extends CopyStore {
  /** What a user's assets and unfinished uploads take, a blob counted once for each reference. */
  usage(tx: ReadTx, owner: UserUri): Promise<Usage>;
  /** The octets of all blobs that are not about to go, and of all unfinished uploads. */
  totalBytes(tx: ReadTx): Promise<number>;

  addUpload(tx: Tx, upload: StoredUpload): Promise<void>;
  upload(tx: ReadTx, blob: string): Promise<StoredUpload | undefined>;
  touchUpload(tx: Tx, blob: string, at: number): Promise<void>;
  /** The upload has become an asset; it is remembered under its name. */
  finishUpload(
    tx: Tx,
    blob: string,
    done: { readonly asset: AssetUri; readonly at: number },
  ): Promise<void>;
  deleteUpload(tx: Tx, blob: string): Promise<void>;
  /** At most `limit` unfinished and finished uploads that rest since before these times. */
  restingUploads(
    tx: ReadTx,
    before: { readonly open: number; readonly finished: number },
    limit: number,
  ): Promise<readonly StoredUpload[]>;

  /** Adds a reference, and its blob if that is new or was about to go. */
  addAsset(tx: Tx, asset: StoredAsset): Promise<void>;
  asset(tx: ReadTx, asset: AssetUri): Promise<StoredAsset | undefined>;
  named(tx: ReadTx, owner: UserUri, name: string): Promise<StoredAsset | undefined>;
  /** Own assets whose name begins so and comes behind `after`, by name. */
  namedFrom(
    tx: ReadTx,
    owner: UserUri,
    page: { readonly prefix: string; readonly after: string; readonly limit: number },
  ): Promise<readonly StoredAsset[]>;
  /** Removes the reference; its blob is doomed if that was the last one. */
  deleteAsset(tx: Tx, asset: AssetUri, at: number): Promise<void>;
  /** At most `limit` assets of a user. */
  ofOwner(tx: ReadTx, owner: UserUri, limit: number): Promise<readonly AssetUri[]>;
  /** At most `limit` assets for those in a room. */
  ofRoom(tx: ReadTx, room: RoomUri, limit: number): Promise<readonly AssetUri[]>;
  uploadsOfOwner(tx: ReadTx, owner: UserUri): Promise<readonly string[]>;
  /** At most `limit` assets that have expired. */
  expired(tx: ReadTx, at: number, limit: number): Promise<readonly AssetUri[]>;

  /** At most `limit` blobs that no asset refers to. */
  doomed(tx: ReadTx, limit: number): Promise<readonly string[]>;
  /** Forgets a doomed blob; false if an asset refers to it again. */
  forgetBlob(tx: Tx, blob: string): Promise<boolean>;
  /** Which of these keys no row explains. */
  unknownBlobs(tx: ReadTx, keys: readonly string[]): Promise<readonly string[]>;

  /** Notes that a server may have a copy. */
  addHolder(tx: Tx, asset: AssetUri, peer: Domain): Promise<void>;
  isHolder(tx: ReadTx, asset: AssetUri, peer: Domain): Promise<boolean>;
  /** Servers that are to hear of deletions. */
  holdersToTell(tx: ReadTx): Promise<readonly Domain[]>;
  /** At most `limit` deleted assets of which a server is to hear. */
  toTell(tx: ReadTx, peer: Domain, limit: number): Promise<readonly AssetUri[]>;
  told(tx: Tx, peer: Domain, assets: readonly AssetUri[]): Promise<void>;
  /** Gives up telling of deletions before a time. */
  forgetNotices(tx: Tx, before: number): Promise<void>;
}

export interface CopyStore {
  copy(tx: ReadTx, asset: AssetUri): Promise<StoredCopy | undefined>;
  /** Adds or replaces it. */
  putCopy(tx: Tx, copy: StoredCopy): Promise<void>;
  useCopy(tx: Tx, asset: AssetUri, at: number): Promise<void>;
  deleteCopy(tx: Tx, asset: AssetUri): Promise<void>;
  /** The keys of the folders of all copies. */
  copyKeys(tx: ReadTx): Promise<ReadonlySet<string>>;
  /** At most `limit` copies, the one not used for longest first. */
  oldestCopies(tx: ReadTx, limit: number): Promise<readonly StoredCopy[]>;
}
