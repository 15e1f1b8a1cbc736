import type { Bytes } from "../bytes/index.ts";
import {
  type Codec,
  fixed,
  opaque,
  struct,
  u64,
  utf8,
  variant,
  vector,
  versioned,
} from "../codec/index.ts";
import { DISPOSITIONS, type MimiContent, type SaidBy, singleContent } from "../content/index.ts";
import { type UserUri, userUriCodec } from "../identifiers/index.ts";
import { Refusal } from "../refusals/index.ts";
import { HISTORY_LIMITS } from "./limits.ts";

export const MEDIA_TYPE_HISTORY_GRANT = "application/vnd.treehouse.history-grant";

/** A piece of what is granted: in the message itself where it is short, else an asset of the room. */
export type GrantPiece =
  | { readonly kind: "inline"; readonly sealed: Bytes }
  | { readonly kind: "asset"; readonly link: string };

/** FED-1071: what a member tells those who joined by one commit. */
export type HistoryGrant = {
  readonly to: readonly UserUri[];
  /** Of the commit that added them: everything granted stands before it. */
  readonly position: number;
  /** Nothing granted was accepted before, in milliseconds since the Unix epoch. */
  readonly since: number;
  readonly id: Bytes;
  readonly key: Bytes;
  readonly pieces: readonly GrantPiece[];
};

const pieceCodec: Codec<GrantPiece> = variant<GrantPiece, "kind">("kind", {
  inline: {
    tag: 1,
    codec: struct({ sealed: opaque({ max: HISTORY_LIMITS.historyGrantInlineMax }) }),
  },
  asset: { tag: 2, codec: struct({ link: utf8({ max: 1024 }) }) },
});

export const historyGrantCodec: Codec<HistoryGrant> = versioned(
  1,
  struct<HistoryGrant>({
    to: vector(userUriCodec, { countMin: 1, countMax: HISTORY_LIMITS.historyGrantUsersMax }),
    position: u64,
    since: u64,
    id: fixed(16),
    key: fixed(32),
    pieces: vector(pieceCodec, { countMax: HISTORY_LIMITS.historyGrantSegmentsMax }),
  }),
);

/** FED-1071: a grant as content. */
export function historyGrantContent(
  message: SaidBy & { readonly grant: HistoryGrant },
): MimiContent {
  return singleContent(message, {
    disposition: DISPOSITIONS.session,
    contentType: MEDIA_TYPE_HISTORY_GRANT,
    content: historyGrantCodec.encode(message.grant),
  });
}

/** The grant that a content is; undefined when it is something else. Refuses `invalidMessage`. */
export function historyGrantOf({ body }: MimiContent): HistoryGrant | undefined {
  if (body.kind !== "single" || body.contentType !== MEDIA_TYPE_HISTORY_GRANT) return undefined;
  try {
    return historyGrantCodec.decode(new Uint8Array(body.content));
  } catch (error) {
    if (error instanceof Refusal)
      throw new Refusal("invalidMessage", "this is no grant of history");
    throw error;
  }
}
