import type { Bytes, ClientUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

/** What this module asks of a database. `store.contract.ts` says how an adapter must behave. */
export interface AuthenticationStore {
  /**
   * Creates the account with its first client list and clients.
   * Answers false, and writes nothing, when the name is taken or was used before.
   */
  createAccount(tx: Tx, account: NewAccount): Promise<boolean>;
  account(tx: ReadTx, name: string): Promise<Account | undefined>;
  /**
   * What a login begins with. One query of one form with an answer of one length, whether there is
   * such an account: the record is undefined where there is none, or no password.
   */
  credential(tx: ReadTx, name: string): Promise<Credential>;
  /** True when the name may never be given out again, or is in use. */
  nameIsTaken(tx: ReadTx, name: string): Promise<boolean>;
  adminExists(tx: ReadTx): Promise<boolean>;
  /**
   * Puts a new record and bundle in place if the version is still the expected one.
   * The version rises by one. Answers false, and writes nothing, otherwise.
   */
  replaceCredential(tx: Tx, change: CredentialChange): Promise<boolean>;
  /**
   * Removes every row of the account and leaves the hash of its name. Its sessions are ended one by
   * one before, so that memory and connections hear of it.
   */
  deleteAccount(tx: Tx, name: string, deletedAt: number): Promise<void>;

  /** The countersigned list; the latest unless a version is named. */
  clientList(tx: ReadTx, name: string, version?: number): Promise<Bytes | undefined>;
  /**
   * The countersigned lists behind that version, ascending without a gap, at most `limit`; only the
   * newest `CLIENT_LISTS_KEPT` versions are kept.
   */
  clientListsAfter(
    tx: ReadTx,
    name: string,
    range: { readonly after: number; readonly limit: number },
  ): Promise<readonly Bytes[]>;
  /** Adds the next version of the list, with the client that it has more. */
  addClient(tx: Tx, addition: ClientAddition): Promise<void>;
  /** Adds the next version of the list, without the client, and gives the others new identities. */
  revokeClient(tx: Tx, revoked: RevokedClient): Promise<void>;
  client(tx: ReadTx, client: ClientUri): Promise<StoredClient | undefined>;
  /** In the order of their URIs. */
  clientsOf(tx: ReadTx, name: string): Promise<readonly StoredClient[]>;

  insertSession(tx: Tx, session: StoredSession): Promise<void>;
  session(tx: ReadTx, tokenHash: Bytes): Promise<StoredSession | undefined>;
  /** Newest first. */
  sessionsOf(tx: ReadTx, name: string): Promise<readonly StoredSession[]>;
  touchSession(tx: Tx, tokenHash: Bytes, usedAt: number): Promise<void>;
  /** Answers the session that was deleted, if it was one of this user's. */
  deleteSession(tx: Tx, name: string, id: string): Promise<StoredSession | undefined>;
  /** When a client last used a session, to the hour; undefined if it never had one. */
  lastSeen(tx: ReadTx, client: ClientUri): Promise<number | undefined>;
  /** Deletes at most `limit` sessions last used before `usedBefore`; answers them. */
  deleteIdleSessions(tx: Tx, usedBefore: number, limit: number): Promise<readonly StoredSession[]>;

  insertInvite(tx: Tx, invite: StoredInvite): Promise<void>;
  /** Takes one use. Answers undefined when there is none left or the time is over. */
  useInvite(tx: Tx, tokenHash: Bytes, at: number): Promise<StoredInvite | undefined>;
  /** Newest first; at most `limit`. */
  invites(tx: ReadTx, limit: number): Promise<readonly StoredInvite[]>;
  countInvites(tx: ReadTx): Promise<number>;
  deleteInvite(tx: Tx, id: string): Promise<boolean>;
  deleteAdminInvites(tx: Tx): Promise<void>;
  /** Deletes at most `limit` invites which nobody can use any more; answers how many. */
  deleteSpentInvites(tx: Tx, at: number, limit: number): Promise<number>;
}

export type Account = {
  readonly name: string;
  readonly admin: boolean;
  readonly identityKey: Bytes;
  readonly passwordRecord: Bytes | undefined;
  readonly recoveryBundle: Bytes;
  readonly credentialVersion: number;
};

export type NewAccount = Omit<Account, "credentialVersion"> & {
  readonly createdAt: number;
  readonly list: { readonly version: number; readonly hash: Bytes; readonly signedList: Bytes };
  readonly clients: readonly Omit<StoredClient, "name">[];
};

type ClientAddition = {
  readonly list: NewAccount["list"] & { readonly acceptedAt: number };
  readonly client: StoredClient;
};

export type RevokedClient = {
  readonly name: string;
  readonly client: ClientUri;
  readonly list: NewAccount["list"] & { readonly acceptedAt: number };
  readonly staying: readonly Pick<StoredClient, "client" | "leafIdentity">[];
};

type CredentialChange = {
  readonly name: string;
  readonly expectedVersion: number;
  readonly passwordRecord: Bytes;
  readonly recoveryBundle: Bytes;
};

export type StoredClient = {
  readonly client: ClientUri;
  readonly name: string;
  readonly signatureKey: Bytes;
  /** Encoded `LeafIdentity`. */
  readonly leafIdentity: Bytes;
  readonly expiresAt: number;
};

export type StoredSession = {
  readonly tokenHash: Bytes;
  readonly id: string;
  readonly name: string;
  readonly client: ClientUri;
  readonly clientName: string | undefined;
  readonly createdAt: number;
  readonly usedAt: number;
};

export type StoredInvite = {
  readonly id: string;
  readonly tokenHash: Bytes;
  readonly admin: boolean;
  readonly uses: number;
  readonly usesLeft: number;
  readonly expiresAt: number | undefined;
  readonly createdAt: number;
};

export type Credential = {
  readonly passwordRecord: Bytes | undefined;
  /** 0 where there is no account. */
  readonly credentialVersion: number;
};
