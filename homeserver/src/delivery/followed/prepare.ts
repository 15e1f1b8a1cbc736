import { readAdditions } from "@treehouse/mls/public";
import type { Additions } from "@treehouse/mls/public";
import {
  chainHashOf,
  decodeEntry,
  entryHash,
  Refusal,
  signedHeadCodec,
  toHex,
  verifyHead,
} from "@treehouse/protocol";
import type {
  Bytes,
  CommitEntry,
  Domain,
  Entry,
  EntryDelivery,
  RefusalCode,
  RoomUri,
  SignedHead,
} from "@treehouse/protocol";
import { sha256 } from "../../platform/index.ts";
import type { Succession } from "../generations/succession.ts";
import type { FollowedContext } from "./context.ts";
import { isIntroducer } from "./introducer.ts";
import { contradicts } from "./place.ts";
import type { FollowedRoom } from "./room.ts";
import type { FollowedHead } from "./store.ts";

/** A batch after everything was checked that needs no transaction. Used once. */
export type PreparedBatch = {
  readonly peer: Domain;
  readonly items: readonly PreparedItem[];
  /** Heads whose signature is that of the key named beside them. */
  readonly heads: readonly VerifiedHead[];
  /** Entries are missing between those that are here, because they have expired at the hub. */
  readonly holes: boolean;
  /** The hub was asked for the roster after the first commit: there is no other word to wait for. */
  readonly introduced: boolean;
  /** Rooms that this batch has touched so far, inside its transaction. */
  readonly touched: Map<RoomUri, TouchedRoom>;
  /** Rooms that the sender orders as it seems, and whose hub is another server as far as is known here. */
  readonly successors: Set<RoomUri>;
};

export type PreparedItem =
  | { readonly kind: "rejected"; readonly code: RefusalCode }
  | {
      readonly kind: "entry";
      readonly delivery: EntryDelivery;
      readonly entry: Entry;
      /** What the next entry must name as `previous`. */
      readonly hash: Bytes;
      /** Of a commit. */
      readonly additions: Additions | undefined;
      /** The introduction that comes with it is the room's hub's. */
      readonly isIntroducer: boolean;
      /** With it another server becomes the room's hub, because enough owners say so. */
      readonly succession: Succession | undefined;
    };

export type VerifiedHead = { readonly signed: SignedHead; readonly hubKey: Bytes };

/** A followed room as the running transaction leaves it. */
export type TouchedRoom = {
  room: FollowedRoom;
  head: FollowedHead;
  /** The newest that the hub has signed, as far as is known here. */
  newest: SignedHead["head"] | undefined;
  /** The same, if this transaction has brought it. */
  signedHead: SignedHead | undefined;
  /** A commit does not fit the roster that is here. */
  wantsIntroduction?: boolean;
  /** The room has another hub since this transaction; what is known of the former one is over. */
  moved?: boolean;
};

/**
 * Decodes the entries of a batch, reads who comes by its commits, and verifies the heads. An item
 * that cannot be read is rejected alone: it must not hold up the others (T-41).
 */
export async function prepareBatch(
  context: FollowedContext,
  peer: Domain,
  batch: {
    readonly items: readonly EntryDelivery[];
    readonly heads: readonly SignedHead[];
    readonly holes?: boolean;
    readonly introduced?: boolean;
  },
): Promise<PreparedBatch> {
  const items: PreparedItem[] = [];
  for (const delivery of batch.items) items.push(await prepareItem(context, peer, delivery));
  const hubKeys = new Map<RoomUri, Bytes>();
  for (const item of items) {
    if (item.kind !== "entry" || item.delivery.introduction === undefined) continue;
    hubKeys.set(item.entry.room, item.delivery.introduction.hubKey);
  }
  const heads: VerifiedHead[] = [];
  for (const signed of distinct([
    ...batch.heads,
    ...items.flatMap((item) => (item.kind === "entry" ? (item.delivery.head ?? []) : [])),
  ])) {
    const known = await context.followed.get(signed.head.room);
    if (known !== undefined && (known.hub !== peer || saysNothing(signed, known))) continue;
    const hubKey = known?.hubKey ?? hubKeys.get(signed.head.room);
    if (hubKey === undefined) continue;
    const verified = verifyHead(signed, hubKey, (key, message, signature) =>
      context.crypto.verify(key, message, signature),
    );
    if (verified) heads.push({ signed, hubKey });
    else context.count("headInvalid");
  }
  const { holes = false, introduced = false } = batch;
  return { peer, items, heads, holes, introduced, touched: new Map(), successors: new Set() };
}

/** A check costs much more than whatever else is done with a head: no octets are checked twice. */
function distinct(heads: readonly SignedHead[]): Iterable<SignedHead> {
  if (heads.length < 2) return heads;
  return new Map(heads.map((head) => [toHex(signedHeadCodec.encode(head)), head])).values();
}

/**
 * Whether a head could change nothing, were it signed: it is the newest one again, or speaks of what
 * lies behind the log's end here. One at a place of which something else is known is a fork (FED-952).
 */
function saysNothing({ head: theirs }: SignedHead, { head, signedHead }: FollowedRoom): boolean {
  if (head.frozen || theirs.term < head.term) return true;
  if (theirs.term > head.term) return false;
  const newest = signedHead && signedHeadCodec.decode(signedHead).head;
  if (newest?.term === theirs.term && newest.position === theirs.position) {
    return theirs.position <= head.position && !contradicts(newest, theirs);
  }
  return theirs.position < head.position;
}

async function prepareItem(
  context: FollowedContext,
  peer: Domain,
  delivery: EntryDelivery,
): Promise<PreparedItem> {
  try {
    const entry = decodeEntry(delivery.entry, "sliced");
    const hash =
      entry.kind === "tombstone"
        ? chainHashOf(entry, delivery.entry, sha256)
        : entryHash(delivery.entry, sha256);
    const additions = entry.kind === "commit" ? await additionsOf(context, entry) : undefined;
    const introduces = delivery.introduction !== undefined;
    const isHub = introduces && (await isIntroducer(context, peer, entry.room));
    const read = { entry, hash };
    const succession = await context.successions.check(peer, delivery, read);
    return { kind: "entry", delivery, entry, hash, additions, isIntroducer: isHub, succession };
  } catch (error) {
    // Who has agreed to a new hub cannot be asked now: the whole batch comes again.
    if (!(error instanceof Refusal) || error.code === "peerUnreachable") throw error;
    return { kind: "rejected", code: error.code };
  }
}

/** Undefined if it cannot be read: then nobody's coming by it is believed, and the rest holds. */
async function additionsOf(
  context: FollowedContext,
  { commit }: CommitEntry,
): Promise<Additions | undefined> {
  try {
    return await readAdditions(context, commit);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return undefined;
  }
}

const nothing = { kind: "rejected", code: "malformed" } as const;

/** An item that was never there is rejected as what cannot be read. */
export function itemAt({ items }: PreparedBatch, index: number): PreparedBatch["items"][number] {
  return items[index] ?? nothing;
}
