import type { Bytes } from "@treehouse/protocol";
import type { ReadTx, Sealed, Tx } from "../platform/index.ts";

/** What this module asks of a database. `store.contract.ts` says how an adapter must behave. */
export interface FactorStore {
  totp(tx: ReadTx, name: string): Promise<StoredTotp | undefined>;
  /** Takes the place of what there was. */
  putTotp(tx: Tx, totp: StoredTotp): Promise<void>;
  deleteTotp(tx: Tx, name: string): Promise<void>;
  /** Undefined when no wrong code is counted. */
  tries(tx: ReadTx, name: string): Promise<Tries | undefined>;
  putTries(tx: Tx, name: string, tries: Tries): Promise<void>;
  deleteTries(tx: Tx, name: string): Promise<void>;

  externalLogin(tx: ReadTx, name: string): Promise<ExternalLogin | undefined>;
  /** Answers false, and writes nothing, when the account or the subject is linked already. */
  addExternalLogin(tx: Tx, login: ExternalLogin): Promise<boolean>;
  /** Answers false when there was none. */
  deleteExternalLogin(tx: Tx, name: string): Promise<boolean>;

  passkey(tx: ReadTx, id: string): Promise<StoredPasskey | undefined>;
  /** Oldest first. */
  passkeysOf(tx: ReadTx, name: string): Promise<readonly StoredPasskey[]>;
  /** Answers false, and writes nothing, when there is one of that id. */
  addPasskey(tx: Tx, passkey: StoredPasskey): Promise<boolean>;
  /** Notes a use. Answers false, and writes nothing, when the counter has moved meanwhile. */
  usePasskey(
    tx: Tx,
    id: string,
    use: { readonly from: number; readonly to: number; readonly at: number },
  ): Promise<boolean>;
  deletePasskey(tx: Tx, name: string, id: string): Promise<void>;
  deletePasskeys(tx: Tx, name: string): Promise<void>;

  /** The ids of all keys under which something is sealed. */
  keyIds(tx: ReadTx): Promise<readonly string[]>;
  /** Some of those that are sealed under another key, in the order of their names. */
  totpNotUnder(tx: ReadTx, keyId: string, limit: number): Promise<readonly StoredTotp[]>;

  email(tx: ReadTx, name: string, verified: boolean): Promise<StoredEmail | undefined>;
  /** Takes the place of the account's other one that is as verified. */
  putEmail(tx: Tx, email: StoredEmail): Promise<void>;
  deleteEmails(tx: Tx, name: string): Promise<void>;
  /** Some of those that are sealed under another key, in the order of their names. */
  emailsNotUnder(tx: ReadTx, keyId: string, limit: number): Promise<readonly StoredEmail[]>;

  /** Takes the place of all that there were. */
  replaceRecoveryCodes(tx: Tx, name: string, hashes: readonly Bytes[]): Promise<void>;
  /** Answers false when the user has no such code, or used it. */
  useRecoveryCode(tx: Tx, name: string, hash: Bytes): Promise<boolean>;
  countRecoveryCodes(tx: ReadTx, name: string): Promise<number>;
}

export type StoredTotp = {
  readonly name: string;
  readonly secret: Sealed;
  readonly startedAt: number;
  readonly confirmedAt: number | undefined;
  readonly lastStep: number;
};

export type Tries = { readonly failures: number; readonly retryAt: number };

export type ExternalLogin = {
  readonly name: string;
  readonly issuer: string;
  readonly subjectHash: Bytes;
  readonly linkedAt: number;
};

export type StoredEmail = {
  readonly name: string;
  readonly verified: boolean;
  readonly content: Sealed;
  readonly triesLeft: number;
  readonly expiresAt: number;
};

export type StoredPasskey = {
  readonly id: string;
  readonly name: string;
  readonly publicKey: Bytes;
  readonly counter: number;
  readonly label: string;
  readonly createdAt: number;
  readonly usedAt: number | undefined;
};
