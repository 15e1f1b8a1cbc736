import { hash } from "node:crypto";
import type { Bytes } from "@treehouse/protocol";

/** SHA-256 by the platform's own implementation. */
export function sha256(content: Uint8Array): Bytes {
  return new Uint8Array(hash("sha256", content, "buffer"));
}
