import type { Bytes } from "../bytes/index.ts";
import { struct, u32, u64 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";
import { roomUriCodec } from "../identifiers/index.ts";
import type { RoomUri } from "../identifiers/index.ts";
import { LABELS, signedBytes } from "../labels/index.ts";
import type { Sign, Verify } from "./keys.ts";
import { hashCodec, signatureCodec, suiteHashCodec } from "./mls-objects.ts";

/** The end of a room's log and the state of its group there. */
export type Head = {
  readonly room: RoomUri;
  readonly generation: number;
  readonly term: number;
  /** Of the last entry; 0 before the first. */
  readonly position: number;
  /** `entryHash` of the last entry; `firstPrevious` before the first. */
  readonly hash: Bytes;
  readonly epoch: number;
  readonly treeHash: Bytes;
};

/** Two heads of one room, generation, term and position that differ prove a fork. */
export type SignedHead = { readonly head: Head; readonly signature: Bytes };

export const headCodec: Codec<Head> = struct<Head>({
  room: roomUriCodec,
  generation: u32,
  term: u64,
  position: u64,
  hash: hashCodec,
  epoch: u64,
  treeHash: suiteHashCodec,
});

export const signedHeadCodec: Codec<SignedHead> = struct<SignedHead>({
  head: headCodec,
  signature: signatureCodec,
});

/** Signs with the room's hub key. */
export function signHead(head: Head, sign: Sign): SignedHead {
  return { head, signature: sign(signedBytes(LABELS.head, headCodec.encode(head))) };
}

/** Whether the room's hub key signed this head. */
export function verifyHead(signed: SignedHead, hubKey: Bytes, verify: Verify): boolean {
  const message = signedBytes(LABELS.head, headCodec.encode(signed.head));
  return verify(hubKey, message, signed.signature);
}
