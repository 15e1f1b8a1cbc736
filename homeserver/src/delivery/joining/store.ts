import type { Bytes, UserUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";

/** How often the join links of rooms hosted here were used: what the hub alone counts (FED-1085). */
export interface LinkUseStore {
  countLinkUses(tx: ReadTx, roomId: number, link: Bytes): Promise<number>;
  addLinkUse(tx: Tx, roomId: number, use: LinkUse): Promise<void>;
  /**
   * A user takes the role of a link: answers whether that belongs to a use that is counted already,
   * and then it does so no more.
   */
  takeOwedRole(tx: Tx, roomId: number, link: Bytes, user: UserUri): Promise<boolean>;
  /** The commit there counts no more, as if it had used nothing. */
  dropLinkUse(tx: Tx, roomId: number, position: number): Promise<void>;
  /** All uses, by position. */
  linkUses(tx: ReadTx, roomId: number): Promise<readonly LinkUse[]>;
  /** The uses of all other links are forgotten. */
  keepLinkUses(tx: Tx, roomId: number, links: readonly Bytes[]): Promise<void>;
}

export type LinkUse = {
  readonly link: Bytes;
  /** Of the commit that used it. */
  readonly position: number;
  /** Who came by it and has not taken its role yet; undefined where there is none to take. */
  readonly owedTo: UserUri | undefined;
};
