import type { Bytes } from "../bytes/index.ts";

/** Signs with a private key that the caller holds. */
export type Sign = (message: Bytes) => Bytes;

/** Whether this Ed25519 key made the signature; false for any malformed key or signature. */
export type Verify = (key: Bytes, message: Bytes, signature: Bytes) => boolean;
