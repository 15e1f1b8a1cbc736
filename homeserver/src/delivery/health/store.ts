import type { Bytes, ClientUri, RoomUri, SignedHealthReport, UserUri } from "@treehouse/protocol";
import type { ReadTx, Tx } from "../../platform/index.ts";
import type {
  EpochStart,
  StoredEpoch,
  StoredHead,
  StoredMember,
  StoredProposal,
} from "../store/index.ts";

/** Commits that may still be voided, and those that were. */
export interface HealthStore {
  /** Notes the newest commit of a room, and forgets those before the position `keptFrom`. */
  addUnsettled(tx: Tx, roomId: number, commit: StoredUnsettled, keptFrom: number): Promise<void>;
  /** The commits of a room up to a position stand: what was kept for them goes. */
  settle(tx: Tx, roomId: number, upTo: number, head: StoredHead): Promise<void>;
  /** One per user: the newest counts. */
  addReport(tx: Tx, roomId: number, report: StoredReport, head: StoredHead): Promise<void>;
  /** Rooms in which a fault was reported of a commit that does not stand yet. */
  roomsReported(tx: ReadTx, limit: number): Promise<readonly RoomUri[]>;
  /** What there is of a room; the commits ascend by position. */
  health(tx: ReadTx, roomId: number): Promise<StoredHealth>;
  /** The public group as it was in an epoch that is still kept. */
  formerEpoch(tx: ReadTx, roomId: number, epoch: number): Promise<StoredFormer | undefined>;
  /** Takes every epoch behind the void's back. */
  voidCommits(tx: Tx, roomId: number, change: VoidChange): Promise<void>;
  /** Deletes at most `limit` voids from before `at`; answers how many. */
  deleteOldVoids(tx: Tx, at: number, limit: number): Promise<number>;
}

export type StoredHealth = {
  readonly unsettled: readonly StoredUnsettled[];
  readonly reports: readonly StoredReport[];
  readonly voids: readonly StoredVoid[];
};

/** A commit of which it is not known that anybody else could apply it. */
export type StoredUnsettled = {
  /** The epoch that it ended. */
  readonly epoch: number;
  readonly position: number;
  /** Chain hash of its entry. */
  readonly hash: Bytes;
  readonly committer: ClientUri;
  readonly external: boolean;
  readonly before: Before;
};

/** What was due and pending before a commit, and the commit took away. */
export type Before = {
  readonly removals: readonly number[];
  readonly held: readonly number[];
  readonly proposals: readonly StoredProposal[];
};

export type StoredReport = {
  readonly user: UserUri;
  /** Of the commit. */
  readonly position: number;
  readonly acceptedAt: number;
  readonly report: SignedHealthReport;
};

export type StoredVoid = {
  /** Of the void. */
  readonly position: number;
  /** The epoch that stands. */
  readonly epoch: number;
  readonly user: UserUri;
  readonly voidedAt: number;
  /** Until when the user commits nothing. */
  readonly until: number;
  /** Another user's commit ends the wait. */
  readonly lenient: boolean;
};

export type StoredFormer = {
  readonly current: StoredEpoch;
  readonly nodes: ReadonlyMap<number, Bytes>;
  readonly starts: readonly EpochStart[];
};

export type VoidChange = {
  readonly head: StoredHead;
  readonly signedHead: Bytes;
  readonly members: readonly StoredMember[];
  readonly before: Before;
  readonly acceptedAt: number;
  readonly record: StoredVoid;
};
