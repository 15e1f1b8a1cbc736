import { flags, struct, versioned } from "../codec/index.ts";
import type { Codec } from "../codec/index.ts";

/** FED-855. */
export const TYPING_MEDIA_TYPE = "application/vnd.treehouse.typing";

/** Whether the sender writes just now in the room that the message is of. */
export type Typing = { readonly flags: { readonly on: boolean } };

export const typingCodec: Codec<Typing> = versioned(1, struct<Typing>({ flags: flags({ on: 0 }) }));
