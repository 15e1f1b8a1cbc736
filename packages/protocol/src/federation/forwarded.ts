import type { Bytes } from "../bytes/index.ts";
import {
  checked,
  enumeration,
  opaque,
  struct,
  u32,
  u64,
  vector,
  versioned,
} from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { PROTOCOL } from "../delivery/index.ts";
import { clientUriCodec } from "../identifiers/index.ts";
import type { ClientUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

/** A client's request, as its own server forwards it to a room's hub; the room is in the path. */
export type ForwardedRequest = {
  /** Who asks; its server vouches for it. */
  readonly client: ClientUri;
  /** The octets of an UpdateRequest or a GroupInfoRequest, as the client made them. */
  readonly request: Bytes;
};

/** Asks the hub for the tree of one epoch, for a client. */
export type TreeRequest = { readonly client: ClientUri; readonly epoch: number };

/**
 * Whom a hub is asked to take out: the whole user, who leaves, or one client that its server has not seen
 * for longer than the room waits (FED-1153).
 */
export type Leaver = "user" | "unseenClient";

/** Asks the hub to propose the removal of the client's user, or of the client. */
export type PeerLeaveRequest = { readonly client: ClientUri; readonly leaver: Leaver };

/** The leaves whose removal is proposed. */
export type LeaveResponse = { readonly leaves: readonly number[] };

export const forwardedRequestCodec: Codec<ForwardedRequest> = versioned(
  PROTOCOL,
  struct<ForwardedRequest>({
    client: clientUriCodec,
    request: opaque({ max: LIMITS.requestBodyBytesMax, min: 1 }),
  }),
);

export const treeRequestCodec: Codec<TreeRequest> = versioned(
  PROTOCOL,
  struct<TreeRequest>({ client: clientUriCodec, epoch: u64 }),
);

export const peerLeaveRequestCodec: Codec<PeerLeaveRequest> = versioned(
  PROTOCOL,
  struct<PeerLeaveRequest>({
    client: clientUriCodec,
    leaver: enumeration({ user: 1, unseenClient: 2 }),
  }),
);

export const leaveResponseCodec: Codec<LeaveResponse> = versioned(
  PROTOCOL,
  struct<LeaveResponse>({
    leaves: checked(vector(u32, { countMax: LIMITS.clientsPerUserMax }), (leaves) =>
      leaves.every((leaf, index) => index === 0 || leaf > (leaves[index - 1] ?? leaf))
        ? undefined
        : "leaves that are not ascending",
    ),
  }),
);
