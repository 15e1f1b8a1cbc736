import type { Bytes, Domain } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../platform/index.ts";

/** What this module asks of a database. `store.contract.ts` says how an adapter must behave. */
export interface PeerStore {
  /** Every known server, in the order of their names. */
  peers(tx: ReadTx): Promise<readonly StoredPeer[]>;
  /**
   * Writes the server with these keys, and none that it had before. Of one that is there already,
   * `signedUntil` stays.
   */
  savePeer(tx: Tx, peer: StoredPeer): Promise<void>;
  /** Changes the times of contact of a server that is known; does nothing otherwise. */
  touch(tx: Tx, contact: Contact): Promise<void>;
  /** Changes `signedUntil` of a server that is known; does nothing otherwise. */
  noteSigned(tx: Tx, domain: Domain, signedUntil: number): Promise<void>;
  deletePeer(tx: Tx, domain: Domain): Promise<void>;

  /** Every rule, in the order of their subjects, those that are over too. */
  rules(tx: ReadTx): Promise<readonly Rule[]>;
  /** Takes the place of the rule that the subject had. */
  putRule(tx: Tx, rule: Rule): Promise<void>;
  /** Answers whether there was one. */
  deleteRule(tx: Tx, subject: RuleSubject): Promise<boolean>;
  /** Deletes the rules that are over; answers how many. */
  deleteExpiredRules(tx: Tx, at: number): Promise<number>;
}

export type PeerKey = {
  readonly kid: string;
  readonly key: Bytes;
  readonly notBefore: number;
  readonly expires: number | undefined;
  /** When this server first saw it. */
  readonly seenAt: number;
};

export type Contact = {
  readonly domain: Domain;
  readonly inboundAt: number | undefined;
  readonly outboundAt: number | undefined;
};

export type StoredPeer = Contact & {
  readonly firstSeenAt: number;
  readonly frozenAt: number | undefined;
  /**
   * In seconds: nothing was taken of it that was signed later than this and than it was received.
   * Undefined while its clock was never found ahead.
   */
  readonly signedUntil: number | undefined;
  /** Believed, in the order of their ids. */
  readonly pinned: readonly PeerKey[];
  /** Shown by a frozen server, and not believed. */
  readonly offered: readonly PeerKey[];
};

/** A domain, or `*.` and a domain: all names below that one. */
export type RuleSubject = Domain | `*.${Domain}`;

export type Rule = {
  readonly subject: RuleSubject;
  readonly action: "allow" | "deny" | "limit";
  /** Requests each way, for `limit`. */
  readonly perMinute: number | undefined;
  /** The operator's own note. */
  readonly reason: string;
  readonly createdAt: number;
  readonly expiresAt: number | undefined;
};
