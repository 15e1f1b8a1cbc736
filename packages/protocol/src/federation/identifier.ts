import type { Bytes } from "../bytes/index.ts";
import { fixed, opaque, struct, u64, utf8, variant, vector, versioned } from "../codec/index.ts";
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

/** Asks for what lies between a client list that was seen before and the newest one. */
export type ClientListsRequest = { readonly user: UserUri; readonly after: number };

/**
 * The octets of SignedClientLists, ascending without a gap from the version behind `after`, or from
 * the oldest that is kept; as many as an answer holds.
 */
export type ClientListsResponse = { readonly lists: readonly Bytes[] };

/** How many versions of a user's client list a server keeps, the newest among them. */
export const CLIENT_LISTS_KEPT = 256;

/** Lists of one answer: of the longest, three still fit. */
export const CLIENT_LISTS_PER_ANSWER = 64;

/** Of the same endpoint: the first octet tells them apart (FED-937). */
export const CLIENT_LISTS_FORM = 2;

export const clientListsRequestCodec: Codec<ClientListsRequest> = versioned(
  CLIENT_LISTS_FORM,
  struct<ClientListsRequest>({ user: userUriCodec, after: u64 }),
);

export const clientListsResponseCodec: Codec<ClientListsResponse> = versioned(
  CLIENT_LISTS_FORM,
  struct<ClientListsResponse>({
    lists: vector(opaque({ max: LIMITS.clientListBytesMax, min: 1 }), {
      countMax: CLIENT_LISTS_PER_ANSWER,
    }),
  }),
);
