import { struct, u16 } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";

/** The leaf-node extension in which a client says which rules versions it knows (FED-745). */
export const RULES_KNOWN_EXTENSION = 0xf003;

/** The highest rules version that a client knows. */
export const rulesKnownCodec: Codec<{ readonly rulesVersion: number }> = struct({
  rulesVersion: u16,
});
