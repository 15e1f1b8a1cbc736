import type { Bytes } from "../bytes/index.ts";
import { opaque, struct, u64, u8 } from "../codec/index.ts";
import type { Codec, Sharing } from "../codec/index.ts";
import { LIMITS } from "../limits.ts";
import { Refusal } from "../refusals/index.ts";
import {
  clientRevokedCodec,
  consentEntryCodec,
  userDeletedCodec,
  userResetCodec,
} from "./consent.ts";
import type { ClientRevoked, ConsentEntry, UserDeleted, UserReset } from "./consent.ts";
import { entryDeliveryCodec } from "./entry-delivery.ts";
import type { EntryDelivery } from "./entry-delivery.ts";

/** The numbers of the item kinds on the wire. */
export const ITEM_KINDS = {
  entry: 1,
  consent: 2,
  userDeleted: 3,
  gone: 4,
  clientRevoked: 5,
  userReset: 6,
} as const;

/**
 * One item of a stream between two servers. Its body is read apart (`readItem`), so that one that
 * cannot be read, or is of a later version's kind, is rejected alone and the stream goes on.
 */
export type BatchItem = {
  /** Gapless from 1 for one pair of servers and incarnation. */
  readonly sequence: number;
  readonly kind: number;
  readonly body: Bytes;
};

/** What an item says. */
export type ItemBody =
  | ({ readonly kind: "entry" } & EntryDelivery)
  | { readonly kind: "consent"; readonly entry: ConsentEntry }
  | ({ readonly kind: "userDeleted" } & UserDeleted)
  | ({ readonly kind: "clientRevoked" } & ClientRevoked)
  | ({ readonly kind: "userReset" } & UserReset)
  /** Stands in place of an item that the sender no longer has, and has no effect (FED-943). */
  | { readonly kind: "gone" };

export const batchItemCodec: Codec<BatchItem> = struct<BatchItem>({
  sequence: u64,
  kind: u8,
  body: opaque({ max: LIMITS.batchItemBytesMax }),
});

/** The item of that sequence. */
export function makeItem(sequence: number, body: ItemBody): BatchItem {
  return { sequence, kind: ITEM_KINDS[body.kind], body: encodeBody(body) };
}

/** "malformed" if the body is not one of its kind, "unsupported" if we do not know the kind. */
export function readItem(item: BatchItem, sharing?: Sharing): ItemBody {
  switch (item.kind) {
    case ITEM_KINDS.entry:
      return { kind: "entry", ...entryDeliveryCodec.decode(item.body, sharing) };
    case ITEM_KINDS.consent:
      return { kind: "consent", entry: consentEntryCodec.decode(item.body) };
    case ITEM_KINDS.userDeleted:
      return { kind: "userDeleted", ...userDeletedCodec.decode(item.body) };
    case ITEM_KINDS.clientRevoked:
      return { kind: "clientRevoked", ...clientRevokedCodec.decode(item.body) };
    case ITEM_KINDS.userReset:
      return { kind: "userReset", ...userResetCodec.decode(item.body) };
    case ITEM_KINDS.gone:
      if (item.body.length > 0) throw new Refusal("malformed", "something in place of nothing");
      return { kind: "gone" };
    default:
      throw new Refusal("unsupported", "an item of an unknown kind");
  }
}

function encodeBody(body: ItemBody): Bytes {
  switch (body.kind) {
    case "entry":
      return entryDeliveryCodec.encode(body);
    case "consent":
      return consentEntryCodec.encode(body.entry);
    case "userDeleted":
      return userDeletedCodec.encode(body);
    case "clientRevoked":
      return clientRevokedCodec.encode(body);
    case "userReset":
      return userResetCodec.encode(body);
    case "gone":
      return new Uint8Array(0);
  }
}
