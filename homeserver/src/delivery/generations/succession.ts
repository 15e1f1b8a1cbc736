import type {
  Bytes,
  ClientUri,
  Domain,
  Entry,
  EntryDelivery,
  GenerationClaim,
  RoomUri,
  SignedHead,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";

/** The word of enough owners that a room goes on at the server that brings it. */
export type Succession = {
  readonly entry: Entry;
  readonly bytes: Bytes;
  readonly hash: Bytes;
  readonly head: SignedHead;
  readonly groupInfo: Bytes;
  readonly founder: ClientUri;
  readonly claim: GenerationClaim;
};

/** Rooms whose hub is another one without its word, followed or hosted here (FED-1138). */
export interface Successions {
  /** Undefined for an entry that is nothing of the kind, or that too few owners have agreed to. */
  check(
    peer: Domain,
    delivery: EntryDelivery,
    read: { readonly entry: Entry; readonly hash: Bytes },
  ): Promise<Succession | undefined>;
  /** Follows the new hub from here on. False if it does not follow what is here any more. */
  take(tx: Tx, succession: Succession): Promise<boolean>;
  /** Asks all who follow a room for what the hub has signed and this server has not. */
  gather(room: RoomUri): Promise<void>;
  /**
   * Finds out who orders a room now, from the server that seems to, or from all others: its hub has not said that
   * it is another one, and may be gone since (FED-1139). Not too often.
   */
  lookUp(room: RoomUri, peer?: Domain): void;
  /** When nobody is asked any more. */
  idle(): Promise<void>;
}
