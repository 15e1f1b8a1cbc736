import {
  type AssetLink,
  type Bytes,
  type ClientUri,
  clientUriCodec,
  fixed,
  formatAssetLink,
  fromBase64Url,
  LABELS,
  type ListedClient,
  opaque,
  parseAssetLink,
  parseClientUri,
  Refusal,
  signedBytes,
  struct,
  toBase64Url,
} from "@treehouse/protocol";
import { z } from "zod";

import type { HistoryContext } from "../context.ts";
import { textAs } from "../text-as.ts";

const octets = textAs(fromBase64Url);
const link = textAs(parseAssetLink);

const askSchema = z.object({ key: octets, signature: octets });
const giftSchema = z.object({
  by: textAs(parseClientUri),
  id: octets,
  enc: octets,
  sealed: octets,
  signature: octets,
  link,
});

/** A client of the user asks for the history, sealed for this HPKE key of its own. */
export type Ask = z.output<typeof askSchema>;
/** Another one gives it: the key of its pieces, sealed, and where their list lies. */
export type Gift = z.output<typeof giftSchema>;

const askedCodec = struct({ client: clientUriCodec, key: fixed(32) });
const givenCodec = struct({
  to: clientUriCodec,
  by: clientUriCodec,
  id: fixed(16),
  enc: opaque({ max: 64 }),
  sealed: opaque({ max: 64 }),
});

export function askValue({ key, signature }: Ask) {
  return { key: toBase64Url(key), signature: toBase64Url(signature) };
}

export function giftValue(gift: Gift) {
  const { id, enc, sealed, signature } = gift;
  return {
    by: gift.by,
    id: toBase64Url(id),
    enc: toBase64Url(enc),
    sealed: toBase64Url(sealed),
    signature: toBase64Url(signature),
    link: formatAssetLink(gift.link),
  };
}

/** What is signed to ask, by the key of the asking client in the user's client list. */
export function askedBytes(client: ClientUri, key: Bytes): Bytes {
  return signedBytes(LABELS.historyAsk, askedCodec.encode({ client, key }));
}

/** What is signed to give, by the key of the giving client; and what its key is sealed for. */
export function givenBytes(to: ClientUri, gift: Omit<Gift, "signature" | "link">): Bytes {
  const { by, id, enc, sealed } = gift;
  return signedBytes(LABELS.historyGift, givenCodec.encode({ to, by, id, enc, sealed }));
}

/** An ask that a listed client of the user has signed. */
export function readAsk(
  { crypto }: HistoryContext,
  asking: Pick<ListedClient, "client" | "signatureKey">,
  value: unknown,
): Ask | undefined {
  const ask = askSchema.safeParse(value).data;
  if (ask === undefined || !crypto.isHpkePublicKey(ask.key)) return undefined;
  const message = askedBytes(asking.client, ask.key);
  return crypto.verify(asking.signatureKey, message, ask.signature) ? ask : undefined;
}

/** A gift for this client that another listed one has signed. */
export function readGift(
  { crypto }: HistoryContext,
  to: ClientUri,
  listed: readonly Pick<ListedClient, "client" | "signatureKey">[],
  value: unknown,
): Gift | undefined {
  const gift = giftSchema.safeParse(value).data;
  const by = listed.find(({ client }) => client === gift?.by);
  if (gift === undefined || by === undefined || by.client === to) return undefined;
  if (gift.id.length !== 16 || gift.enc.length > 64 || gift.sealed.length > 64) return undefined;
  return crypto.verify(by.signatureKey, givenBytes(to, gift), gift.signature) ? gift : undefined;
}

const listSchema = z.object({
  format: z.literal(1),
  complete: z.boolean(),
  pieces: z.array(z.object({ number: z.int().nonnegative(), rows: z.int().nonnegative(), link })),
});

export type Piece = { readonly number: number; readonly rows: number; readonly link: AssetLink };
export type PieceList = { readonly complete: boolean; readonly pieces: readonly Piece[] };

/** The list of what was given so far; place 0 of the transfer, and sealed like its pieces. */
export function encodeList({ complete, pieces }: PieceList): Bytes {
  const texts = pieces.map((piece) => ({ ...piece, link: formatAssetLink(piece.link) }));
  return new TextEncoder().encode(JSON.stringify({ format: 1, complete, pieces: texts }));
}

/** Refuses `invalidMessage`. */
export function decodeList(content: Uint8Array): PieceList {
  try {
    return listSchema.parse(JSON.parse(new TextDecoder().decode(content)));
  } catch (cause) {
    throw new Refusal("invalidMessage", "the list of a transfer is none", {}, { cause });
  }
}
