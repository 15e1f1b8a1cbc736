import type { Bytes } from "../bytes/index.ts";
import { enumeration, optional, struct, u32 } from "../codec/index.ts";
import { Refusal } from "../refusals/index.ts";
import type { RoomState } from "./room-state.ts";

/** MIMI room policy: `message_expiration_policy`. */
export const MESSAGE_EXPIRATION_COMPONENT = 0x0030;

/** FED-836: how long messages stay in a room; times in seconds. */
export type MessageExpiration = {
  readonly minDuration: number;
  readonly maxDuration: number;
  /** For messages whose sender names none; absent: they stay. */
  readonly defaultDuration: number | undefined;
};

const optionality = enumeration({ optional: 0, required: 1, forbidden: 2 });
const whole = struct<
  MessageExpiration & { expiringMessages: "optional" | "required" | "forbidden" }
>({
  expiringMessages: optionality,
  minDuration: u32,
  maxDuration: u32,
  defaultDuration: optional(u32),
});

export function encodeMessageExpiration(policy: MessageExpiration): Bytes {
  return whole.encode({ ...policy, expiringMessages: "optional" });
}

/**
 * What a room says of how long messages stay. Undefined where it says nothing, forbids that messages
 * expire, or says what cannot be read: such a room is one in which nothing goes by itself.
 */
export function messageExpirationOf({
  otherComponents,
}: Pick<RoomState, "otherComponents">): MessageExpiration | undefined {
  const found = otherComponents.find(({ component }) => component === MESSAGE_EXPIRATION_COMPONENT);
  if (found === undefined) return undefined;
  try {
    const { expiringMessages, ...policy } = whole.decode(found.data);
    return expiringMessages === "forbidden" ? undefined : policy;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
