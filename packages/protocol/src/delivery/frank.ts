import type { Bytes } from "../bytes/index.ts";
import { fixed, opaque, struct, u16 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";

/** What a franking hub adds to a message, so that a report of it can be verified. */
export type Frank = {
  readonly serverFrank: Bytes;
  readonly ciphersuite: number;
  readonly signature: Bytes;
};

export const frankCodec: Codec<Frank> = struct({
  serverFrank: fixed(32),
  ciphersuite: u16,
  signature: opaque({ max: 512 }),
});
