import { equalBytes } from "../bytes/index.ts";
import type { Bytes } from "../bytes/index.ts";
import type { ClientUri, RoomUri } from "../identifiers/index.ts";
import type { Frank } from "./frank.ts";
import type { SignedHealthReport } from "./health-report.ts";

/** Version of the entry's form; its first octet. */
export const ENTRY_VERSION = 1;

/** `previous` of a room's first entry. */
export const firstPrevious: Bytes = new Uint8Array(32);

/** The numbers of the entry kinds on the wire. */
export const ENTRY_KINDS = {
  commit: 1,
  proposal: 2,
  application: 3,
  void: 4,
  tombstone: 5,
  knock: 6,
  report: 7,
} as const;

export type EntryKind = keyof typeof ENTRY_KINDS;

/** Why a tombstone stands where it stands. Others may come; a reader shows the number. */
export const TOMBSTONE_REASONS = {
  /** The entry was refused by the server that gets the tombstone. */
  rejected: 1,
  /** The entry is gone. */
  expired: 2,
  /** The hub was restored from a backup: the first entry of a new term. */
  restored: 3,
  /** The room has ended: the last entry of its log. */
  ended: 4,
  /** The room has another hub: the last entry of this one. */
  moved: 5,
  /** The room begins anew with another group: the first entry of a generation. */
  begun: 6,
  /** The room was ended by somebody in it who may: the last entry of its log. */
  deleted: 7,
} as const;

/** What every entry begins with: its place in the room's log. */
export type EntryHeader = {
  readonly kind: EntryKind;
  /** Only application entries may be ephemeral: pushed to whoever is connected, never stored. */
  readonly ephemeral: boolean;
  readonly room: RoomUri;
  readonly generation: number;
  readonly term: number;
  /** Gapless from 1 within a room; 0 if ephemeral. */
  readonly position: number;
  /** `entryHash` of the entry before, or `firstPrevious`, as it is if ephemeral. */
  readonly previous: Bytes;
  /** Milliseconds since the Unix epoch by the hub's clock: validity periods are judged at it. */
  readonly acceptedAt: number;
};

/** A leaf that a commit adds or removes; replacing a leaf is a removal followed by an addition. */
export type LeafChange = {
  readonly leaf: number;
  readonly client: ClientUri;
  readonly change: "added" | "removed";
};

/** A commit with the leaves it changes, in the order in which they are applied. */
export type CommitEntry = EntryHeader & {
  readonly kind: "commit";
  /** The epoch in which the commit was made; it begins the next one. */
  readonly epoch: number;
  readonly leafChanges: readonly LeafChange[];
  /** Hash of the roster after the commit. */
  readonly rosterHash: Bytes;
  readonly commit: Bytes;
  /** Proposals of the hub for the new epoch, made again after an external commit. */
  readonly externalProposals: readonly Bytes[];
};

/** Proposals of one sender; at least one. */
export type ProposalEntry = EntryHeader & {
  readonly kind: "proposal";
  readonly proposals: readonly Bytes[];
};

export type ApplicationEntry = EntryHeader & {
  readonly kind: "application";
  readonly message: Bytes;
  readonly frank: Frank | undefined;
};

/** What a leaf says of the newest commit. */
export type ReportEntry = EntryHeader & {
  readonly kind: "report";
  readonly report: SignedHealthReport;
};

/** Takes back the commit at `voided`: the epoch that it ended stands. */
export type VoidEntry = EntryHeader & {
  readonly kind: "void";
  readonly voided: number;
  readonly epoch: number;
  /** Those of the commit, taken back. */
  readonly leafChanges: readonly LeafChange[];
  /** Hash of the roster before the commit. */
  readonly rosterHash: Bytes;
  /** Leaves of different users that could not apply it. */
  readonly faults: readonly SignedHealthReport[];
};

/** Stands for an entry that can never be delivered. */
export type TombstoneEntry = EntryHeader & {
  readonly kind: "tombstone";
  readonly reason: number;
  /** `entryHash` of the entry it stands for: the log goes on from there (`chainHashOf`). */
  readonly replaced: Bytes;
  readonly detail: string;
};

/** Somebody outside asks to be let in. */
export type KnockEntry = EntryHeader & {
  readonly kind: "knock";
  /** As it was sent to the hub: a `Knock`, with the signature of who knocks. */
  readonly knock: Bytes;
};

/** One accepted event of a room: encoded once, at the hub, and the same octets everywhere. */
export type Entry =
  | CommitEntry
  | ProposalEntry
  | ApplicationEntry
  | VoidEntry
  | TombstoneEntry
  | KnockEntry
  | ReportEntry;

/**
 * Why a header is not that of an entry. FED-202: positions begin at 1. FED-205: what is ephemeral
 * is a message, and takes no place in the log.
 */
export function placeFault(header: EntryHeader): string | undefined {
  const { kind, ephemeral, position, previous } = header;
  if (!ephemeral) return position === 0 ? "an entry without position" : undefined;
  if (kind !== "application") return "only a message can be ephemeral";
  if (position !== 0 || !equalBytes(previous, firstPrevious)) {
    return "an ephemeral entry with a place in the log";
  }
  return undefined;
}
