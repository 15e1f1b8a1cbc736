import { type Bytes, parseUserUri, utf8Decode, utf8Encode } from "@treehouse/protocol";
import { z } from "zod";

const user = z.string().transform((text) => parseUserUri(text));

/** What a room says of itself since: the fields that are different; of the picture whether there is one. */
const aboutSchema = z.object({
  name: z.string().optional(),
  description: z.string().optional(),
  topic: z.string().optional(),
  picture: z.boolean().optional(),
});

export type AboutTold = Readonly<z.output<typeof aboutSchema>>;

const eventSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("membership"),
    epoch: z.number(),
    /** Absent where this client was away, and cannot tell. */
    by: user.optional(),
    added: z.array(user).readonly(),
    removed: z.array(user).readonly(),
    changed: z.boolean(),
    /** Who came in with another identity key than the one that this client had pinned. */
    changedKeys: z.array(user).readonly().default([]),
    /** How those who were added came. */
    way: z.enum(["member", "link", "open", "unseen"]).default("member"),
    about: aboutSchema.optional(),
    /** The server that the room has been handed over to. */
    server: z.string().optional(),
    /** It has ended the room for everybody. */
    ended: z.boolean().optional(),
    /** What whoever did it said of it. */
    reason: z.string().optional(),
  }),
  /** The room went on with another group, because its owners said so. */
  z.object({
    kind: z.literal("reset"),
    generation: z.number(),
    reason: z.enum(["reset", "hubGone"]),
    by: z.array(user).readonly(),
    server: z.string(),
  }),
  z.object({ kind: z.literal("fault"), code: z.string(), text: z.string() }),
]);

/** What the history of a room shows between its messages. */
export type RoomEvent = z.output<typeof eventSchema>;

export function describeEvent(event: RoomEvent): Bytes {
  return utf8Encode(JSON.stringify(event));
}

export function parseEvent(body: Uint8Array): RoomEvent {
  return eventSchema.parse(JSON.parse(utf8Decode(body)));
}
