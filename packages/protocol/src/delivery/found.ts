import type { Bytes } from "../bytes/index.ts";
import { struct, u64, versioned } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { signedHeadCodec } from "./head.ts";
import type { SignedHead } from "./head.ts";
import { groupInfoCodec, PROTOCOL, ratchetTreeCodec } from "./mls-objects.ts";

/** The first state of a reserved room: epoch 0, the founder's leaf alone. */
export type FoundRoomRequest = { readonly groupInfo: Bytes; readonly ratchetTree: Bytes };

/** The head has position 0: founding is no entry. */
export type FoundRoomResponse = { readonly acceptedAt: number; readonly head: SignedHead };

export const foundRoomRequestCodec: Codec<FoundRoomRequest> = versioned(
  PROTOCOL,
  struct<FoundRoomRequest>({ groupInfo: groupInfoCodec, ratchetTree: ratchetTreeCodec }),
);

export const foundRoomResponseCodec: Codec<FoundRoomResponse> = struct<FoundRoomResponse>({
  acceptedAt: u64,
  head: signedHeadCodec,
});
