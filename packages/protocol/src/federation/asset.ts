import type { Bytes } from "../bytes/index.ts";
import {
  checked,
  fixed,
  opaque,
  struct,
  u32,
  u64,
  variant,
  vector,
  versioned,
} from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { PROTOCOL } from "../delivery/index.ts";
import { assetUriCodec, roomUriCodec } from "../identifiers/index.ts";
import type { AssetUri, RoomUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

/** What an asset is asked for with (FED-1011). */
export type AssetClaim =
  /** The asking server vouches that a user of its own who wants it is in the room now. */
  | { readonly kind: "room"; readonly room: RoomUri }
  | { readonly kind: "bearer"; readonly secret: Bytes };

/** Asks for octets of an asset of the server that is asked. */
export type AssetRequest = {
  readonly asset: AssetUri;
  readonly claim: AssetClaim;
  readonly offset: number;
  /** At most; what there is less is left out. */
  readonly length: number;
};

export type AssetResponse = {
  /** Of the whole asset. */
  readonly size: number;
  readonly octets: Bytes;
};

/** Assets of the sending server that are deleted. */
export type AssetsForgotten = { readonly assets: readonly AssetUri[] };

const claimCodec: Codec<AssetClaim> = variant<AssetClaim, "kind">("kind", {
  room: { tag: 1, codec: struct<{ readonly room: RoomUri }>({ room: roomUriCodec }) },
  bearer: { tag: 2, codec: struct<{ readonly secret: Bytes }>({ secret: fixed(32) }) },
});

export const assetRequestCodec: Codec<AssetRequest> = versioned(
  PROTOCOL,
  struct<AssetRequest>({
    asset: assetUriCodec,
    claim: claimCodec,
    offset: u64,
    length: checked(u32, (length) =>
      length >= 1 && length <= LIMITS.assetPieceBytesMax ? undefined : "a length out of bounds",
    ),
  }),
);

export const assetResponseCodec: Codec<AssetResponse> = versioned(
  PROTOCOL,
  struct<AssetResponse>({ size: u64, octets: opaque({ max: LIMITS.assetPieceBytesMax }) }),
);

export const assetsForgottenCodec: Codec<AssetsForgotten> = versioned(
  PROTOCOL,
  struct<AssetsForgotten>({
    assets: vector(assetUriCodec, { countMax: LIMITS.assetsForgottenMax, countMin: 1 }),
  }),
);

/** Says no more than that it was heard. */
export const assetsForgottenAnswerCodec: Codec<object> = versioned(PROTOCOL, struct<object>({}));
