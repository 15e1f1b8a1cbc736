import type { Bytes, ClientUri, RoomUri, UserUri } from "@treehouse/protocol";
import type { Acquaintance, ReadTx, Tx } from "../platform/index.ts";

/** What this module asks of a database. `store.contract.ts` says how an adapter must behave. */
export interface KeyPackageStore {
  /**
   * Adds KeyPackages that are neither in stock nor were ever handed out; answers how many that
   * were. A last-resort package takes the place of the client's earlier one of the same suite.
   */
  add(tx: Tx, packages: readonly StoredKeyPackage[]): Promise<number>;
  /** Counts what could be handed out at `at`. */
  stock(tx: ReadTx, client: ClientUri, at: number): Promise<Stock>;
  /**
   * Candidates for one claim, the best first: ordinary ones before last-resort ones, then the
   * one that expires first. At most `limit`; none that expires at or before `usableUntil`, none
   * whose lifetime begins after `at`.
   */
  candidates(tx: ReadTx, query: CandidateQuery): Promise<readonly StoredKeyPackage[]>;
  /** Records to whom a package went and, unless it is of last resort, takes it out of stock. */
  handOut(tx: Tx, claimed: StoredKeyPackage, to: Receiver): Promise<void>;
  /** Everybody who was given this KeyPackage, in the order of requester and room. */
  receivers(tx: ReadTx, ref: Bytes): Promise<readonly Receiver[]>;
  /** Whether a package of the user went to them, or for a room that their server founded. */
  wasHandedTo(tx: ReadTx, user: UserUri, who: Acquaintance): Promise<boolean>;
  /** Removes the client's stock and what is remembered about it. */
  deleteOf(tx: Tx, client: ClientUri): Promise<void>;
  /** Removes the client's stock alone: what was handed out may still be used. */
  deleteStockOf(tx: Tx, client: ClientUri): Promise<void>;
  /**
   * Forgets that a user was given KeyPackages. They stay handed out; their owner's name stands for
   * who is forgotten.
   */
  forgetRequester(tx: Tx, user: UserUri): Promise<void>;
  /**
   * Takes everything out of stock and remembers it as handed out, for no room in particular: to
   * whom is not known any more, and the owner's own name stands for it.
   */
  purge(tx: Tx, at: number): Promise<void>;
  /** Deletes at most `limit` expired rows of each kind; answers how many. */
  deleteExpired(tx: Tx, at: number, limit: number): Promise<number>;
}

export type StoredKeyPackage = {
  readonly ref: Bytes;
  readonly client: ClientUri;
  readonly suite: number;
  readonly lastResort: boolean;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly keyPackage: Bytes;
};

export type Stock = { readonly ordinary: number; readonly lastResort: number };

export type CandidateQuery = {
  readonly client: ClientUri;
  readonly suites: readonly number[];
  readonly at: number;
  readonly usableUntil: number;
  readonly limit: number;
};

export type Receiver = {
  readonly requester: UserUri;
  readonly room: RoomUri | undefined;
  readonly at: number;
};
