import type { Bytes } from "../bytes/index.ts";
import {
  checked,
  fixed,
  flags,
  opaque,
  optional,
  struct,
  u32,
  u64,
  vector,
  versioned,
} from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { groupInfoCodec, PROTOCOL, signedHeadCodec } from "../delivery/index.ts";
import type { SignedHead } from "../delivery/index.ts";
import { LIMITS } from "../limits.ts";
import { introductionCodec } from "./entry-delivery.ts";
import type { Introduction } from "./entry-delivery.ts";

/** Asks for a room's entries after a position; the room is in the path. */
export type EventsRequest = {
  readonly after: number;
  readonly limit: number;
  readonly flags: {
    /** The asker has lost who is in the room. */
    readonly introduce: boolean;
  };
};

export type EventsResponse = {
  /** First position after the one asked from that can be had; last + 1 if none can. */
  readonly oldest: number;
  /** Last position that the asker may have. */
  readonly last: number;
  /** Octets of Entry, ascending by position, from `oldest` on. */
  readonly entries: readonly Bytes[];
  /** The newest head that is known. */
  readonly head: SignedHead | undefined;
  /** Of the first commit among the entries, if the asker wants one. */
  readonly introduction: Introduction | undefined;
};

/** Where the asked server stands in a room. */
export type StandingResponse = {
  /** Of its last entry; 0 before the first. */
  readonly position: number;
  /** What the next entry's `previous` must be. */
  readonly hash: Bytes;
  /** The newest head that it has from the hub. */
  readonly head: SignedHead | undefined;
  /** The newest GroupInfo that it has from the hub. */
  readonly groupInfo: Bytes | undefined;
};

export const eventsRequestCodec: Codec<EventsRequest> = versioned(
  PROTOCOL,
  struct<EventsRequest>({
    after: u64,
    limit: checked(u32, (limit) =>
      limit >= 1 && limit <= LIMITS.eventsPerPageMax ? undefined : "a limit out of bounds",
    ),
    flags: flags({ introduce: 0 }),
  }),
);

export const eventsResponseCodec: Codec<EventsResponse> = versioned(
  PROTOCOL,
  struct<EventsResponse>({
    oldest: u64,
    last: u64,
    entries: vector(opaque({ max: LIMITS.entryBytesMax, min: 1 }), {
      countMax: LIMITS.eventsPerPageMax,
      bytesMax: LIMITS.pageBytesMax + LIMITS.entryBytesMax,
    }),
    head: optional(signedHeadCodec),
    introduction: optional(introductionCodec),
  }),
);

/** Has no field: the room is in the path. */
export const standingRequestCodec: Codec<object> = versioned(PROTOCOL, struct<object>({}));

export const standingResponseCodec: Codec<StandingResponse> = versioned(
  PROTOCOL,
  struct<StandingResponse>({
    position: u64,
    hash: fixed(32),
    head: optional(signedHeadCodec),
    groupInfo: optional(groupInfoCodec),
  }),
);
