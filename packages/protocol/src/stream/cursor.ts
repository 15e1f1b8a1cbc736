import { struct, u64, vector } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { streamUriCodec } from "../identifiers/index.ts";
import type { StreamUri } from "../identifiers/index.ts";
import { LIMITS } from "../limits.ts";

/** How far a client has applied a stream: up to and including this position. */
export type Cursor = { readonly stream: StreamUri; readonly position: number };

export const cursorCodec: Codec<Cursor> = struct<Cursor>({ stream: streamUriCodec, position: u64 });

/** Body of an acknowledgement over HTTP, and the list of cursors in a frame. */
export type Acknowledgement = readonly Cursor[];

export const acknowledgementCodec: Codec<Acknowledgement> = vector(cursorCodec, {
  countMax: LIMITS.cursorsMax,
});
