import type { PublicGroup } from "@treehouse/mls/public";
import { type Bytes, type SignedHead, signedHeadCodec, signHead } from "@treehouse/protocol";
import type { DeliveryContext } from "../context.ts";
import type { HostedRoom } from "./room.ts";
import type { LogPoint } from "../store/index.ts";

/** What the hub vouches for: this log, up to here, led to this group. */
export function signedHeadOf(
  crypto: DeliveryContext["crypto"],
  hosted: Pick<HostedRoom, "room" | "generation" | "term" | "hubKey"> & {
    readonly group: Pick<PublicGroup, "epoch" | "treeHash">;
  },
  { position, hash }: LogPoint,
): { readonly signed: SignedHead; readonly bytes: Bytes } {
  const { room, generation, term, group, hubKey } = hosted;
  const signed = signHead(
    { room, generation, term, position, hash, epoch: group.epoch, treeHash: group.treeHash },
    (message) => crypto.sign(hubKey.privateKey, message),
  );
  return { signed, bytes: signedHeadCodec.encode(signed) };
}
