import {
  type Bytes,
  parseUserUri,
  type UserUri,
  utf8Decode,
  utf8Encode,
} from "@treehouse/protocol";
import { z } from "zod";

const count = z.number().int().nonnegative();
const users = z.array(z.string().transform((text) => parseUserUri(text))).readonly();
const tags = z.array(z.string()).readonly();

const roleSchema = z.object({
  index: count,
  name: z.string(),
  description: z.string(),
  capabilities: z.array(count).readonly(),
  minimumParticipants: count,
  maximumParticipants: count.optional(),
  changes: z.array(z.object({ from: count, to: z.array(count).readonly() })).readonly(),
});

const wishSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("assign"), users, role: count }),
  z.object({ kind: z.literal("ban"), users }),
  z.object({ kind: z.literal("unban"), users, tags }),
  z.object({ kind: z.literal("mute"), users, until: count.optional() }),
  z.object({ kind: z.literal("unmute"), users, tags }),
  z.object({
    kind: z.literal("defineRole"),
    role: roleSchema,
    /** The role like which it is given and taken by others, where it is a new one. */
    like: count.optional(),
  }),
  z.object({ kind: z.literal("dropRole"), index: count }),
  z.object({ kind: z.literal("defaultRole"), index: count }),
  z.object({
    kind: z.literal("limits"),
    /** Null takes a bound away; what is absent stays. */
    maxUsers: count.nullable().optional(),
    maxClients: count.nullable().optional(),
    severalClients: z.boolean().optional(),
  }),
  z.object({ kind: z.literal("rules"), version: z.number().int().min(1).max(0xffff) }),
]);

/** What is wanted of a room's rules and roles, from whatever state it is in when that is done. */
export type PolicyWish = z.output<typeof wishSchema>;

/** Body of the intent `policy`. */
export function encodePolicyWish(wish: PolicyWish): Bytes {
  return utf8Encode(JSON.stringify(wish));
}

export function decodePolicyWish(body: Uint8Array): PolicyWish {
  return wishSchema.parse(JSON.parse(utf8Decode(body)));
}

/** Users whom a wish takes out, with all clients, by the same commit. */
export function usersOut(body: Uint8Array): readonly UserUri[] {
  const wish = decodePolicyWish(body);
  return wish.kind === "ban" ? wish.users : [];
}
