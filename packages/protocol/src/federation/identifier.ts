import type { Bytes } from "../bytes/index.ts";
import { fixed, opaque, struct, utf8, variant, vector, versioned } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { PROTOCOL } from "../delivery/index.ts";
import { userUriCodec } from "../identifiers/index.ts";
import type { UserUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

/** Asks a user's server for the user's client list. */
export type IdentifierRequest = { readonly user: UserUri };

/** A key with which a server countersigns client lists and attestations. */
export type Countersigner = { readonly kid: string; readonly key: Bytes };

export type IdentifierResponse =
  | {
      readonly status: "success";
      /** The octets of the newest SignedClientList. */
      readonly clientList: Bytes;
      /** Those that countersigned what is in use. */
      readonly countersigners: readonly Countersigner[];
    }
  | { readonly status: "notFound" | "forbidden" };

export const identifierRequestCodec: Codec<IdentifierRequest> = versioned(
  PROTOCOL,
  struct<IdentifierRequest>({ user: userUriCodec }),
);

export const identifierResponseCodec: Codec<IdentifierResponse> = versioned(
  PROTOCOL,
  variant<IdentifierResponse, "status">("status", {
    success: {
      tag: 0,
      codec: struct({
        clientList: opaque({ max: LIMITS.clientListBytesMax, min: 1 }),
        countersigners: vector(
          struct<Countersigner>({ kid: utf8({ max: LIMITS.keyIdBytesMax }), key: fixed(32) }),
          { countMax: LIMITS.countersignersMax },
        ),
      }),
    },
    notFound: { tag: 1, codec: struct({}) },
    forbidden: { tag: 3, codec: struct({}) },
  }),
);
