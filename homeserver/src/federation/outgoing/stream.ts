import type { Bytes, Domain } from "@treehouse/protocol";
import { OwedHeads } from "./owed-heads.ts";
import type { StoredPeer } from "../store/index.ts";
import { Tail, type TailMemory } from "./tail.ts";

/**
 * What memory knows of the stream to one peer. Sequences are the stored ones, which go on without a
 * gap for ever; the peer sees them less `base`, from 1 on in each incarnation.
 */
export class PeerStream {
  readonly domain: Domain;
  readonly id: number;
  readonly tail: Tail;
  readonly owed = new OwedHeads();
  incarnation: Bytes;
  base: number;
  /** Items up to here are done with. */
  kept: number;
  /** Rows up to here are gone. */
  deleted: number;
  /** The number given last, also by a transaction that is still open. */
  newest: number;
  /** The last that is committed. */
  committed: number;
  /** The peer has everything up to here. */
  acked: number;
  /** Handed to a request, up to here. */
  sent: number;
  /** The most that this incarnation can ever have sent, also before the server started. */
  sentMost: number;
  /** The peer has not been reached for a while, and memory keeps no items for it. */
  away = false;
  /** Of items up to here it is noted that they are gone. */
  goneTo: number;
  /** When the oldest item that waits was added, as far as memory knows. */
  oldestAt: number | undefined;

  constructor(stored: StoredPeer, memory: TailMemory) {
    this.domain = stored.domain;
    this.id = stored.id;
    this.tail = new Tail(memory);
    this.incarnation = stored.incarnation;
    this.base = stored.base;
    this.kept = stored.kept;
    this.deleted = stored.oldest - 1;
    this.newest = stored.newest;
    this.committed = stored.newest;
    this.acked = stored.kept;
    this.sent = stored.kept;
    this.sentMost = stored.newest;
    this.goneTo = stored.kept;
    this.oldestAt = stored.oldestAt;
  }

  /** Items that the peer does not have yet. */
  get backlog(): number {
    return this.committed - this.acked;
  }

  /** The peer has taken something, in whatever life of the stream. */
  get wasReached(): boolean {
    return this.acked > 0;
  }

  /** Nothing is left that anybody would miss if this object were made anew. */
  get isIdle(): boolean {
    return this.deleted === this.newest && this.owed.size === 0;
  }

  /** When the oldest waiting item was added; undefined if nothing waits. */
  get waitingSince(): number | undefined {
    if (this.backlog === 0) return undefined;
    return this.tail.get(this.acked + 1)?.addedAt ?? this.oldestAt;
  }

  /**
   * The stream begins anew for the peer, in another incarnation and with the oldest item that is
   * left. What may still be on its way belongs to the old one, so that no number can be mistaken.
   */
  begin(incarnation: Bytes): void {
    const { kept } = this;
    this.incarnation = incarnation;
    this.base = kept;
    this.acked = kept;
    this.sent = kept;
    this.sentMost = kept;
  }
}
