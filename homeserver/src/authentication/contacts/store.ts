import type { Domain, RoomUri, UserUri } from "@treehouse/protocol";
import type { Acquaintance, ReadTx, Tx } from "../../platform/index.ts";
import type { Row } from "./relation.ts";

/** A local user, by the name of the account, and somebody whom that user has to do with. */
export type Side = { readonly owner: string; readonly user: UserUri };

/** What this module asks of a database about contacts. `store.contract.ts` says how it behaves. */
export interface ContactStore {
  /** What stands between the two, seen by the owner; any room first, then by room. */
  between(tx: ReadTx, side: Side): Promise<readonly Row[]>;
  /** Puts these rows in the place of all there were. */
  replace(tx: Tx, side: Side, rows: readonly Row[]): Promise<void>;
  /** Since when the owner blocks the user. */
  blockedSince(tx: ReadTx, side: Side): Promise<number | undefined>;
  /** Keeps the earlier time if the user is blocked already. */
  block(tx: Tx, side: Side, at: number): Promise<void>;
  unblock(tx: Tx, side: Side): Promise<void>;
  /** Everything of one owner, by user. */
  list(tx: ReadTx, owner: string): Promise<readonly ListedContact[]>;
  count(tx: ReadTx, owner: string): Promise<ContactCount>;
  /** Rows of this server's users with an open request to a user of that domain. */
  countAskedAt(tx: ReadTx, domain: Domain): Promise<number>;
  /** Rows of the owner with a request that waits, of a user of that domain. */
  countWaitingFrom(tx: ReadTx, owner: string, domain: Domain): Promise<number>;
  /**
   * Whether the owner lets the user in, for any room or for this one, and whether the owner blocks
   * the user. One query of one form, whatever is there.
   */
  standing(tx: ReadTx, side: Side, room: RoomUri | undefined): Promise<Standing>;
  /** Whether anything is between the owner and them; of a server, any user of it. */
  knows(tx: ReadTx, owner: string, who: Acquaintance): Promise<boolean>;
  /** The owners with rows or blocks that name the user, by name. */
  ownersOf(tx: ReadTx, user: UserUri): Promise<readonly string[]>;
  /** The domains of everybody whom the owner's rows name, in their order. */
  domainsOf(tx: ReadTx, owner: string): Promise<readonly Domain[]>;
  /** Forgets everything that is between the two, a block included. */
  forget(tx: Tx, side: Side): Promise<void>;
  forgetOwner(tx: Tx, owner: string): Promise<void>;
}

export type ListedContact = {
  readonly user: UserUri;
  readonly rows: readonly Row[];
  readonly blockedSince: number | undefined;
};

export type ContactCount = {
  /** Users with whom there is something, those blocked included. */
  readonly users: number;
  /** Rows with an open request of the owner. */
  readonly asked: number;
  /** Rows with an open request to the owner. */
  readonly waiting: number;
};

export type Standing = { readonly given: boolean; readonly blocked: boolean };
