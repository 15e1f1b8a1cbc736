import { toHex, utf8Encode } from "@treehouse/protocol";
import { sha256 } from "../platform/index.ts";

/**
 * The key of an upload's file, and of the blob it becomes (T-30): whatever name a client sends, what
 * comes of it is a hash.
 */
export function blobKeyOf(name: string): string {
  return toHex(sha256(utf8Encode(name)));
}
