import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { roomField, time, userField } from "./fields.ts";

/**
 * Where two users stand, seen by one of them. `requested`: asked, and not answered. `incoming`: the
 * other one asks. `granted`: one lets the other add them; `mayAdd` and `mayBeAdded` say who whom.
 * `mutual`: both do. `blocked`: nothing of the other is shown. `none`: nothing is between them.
 */
const contactStateSchema = z.enum([
  "none",
  "requested",
  "incoming",
  "granted",
  "mutual",
  "blocked",
]);

export const contactSchema = z.object({
  user: userField,
  state: contactStateSchema,
  /** The other one lets this user add them, as far as this user's server was told. */
  mayAdd: z.boolean(),
  /** This user lets the other one add them. */
  mayBeAdded: z.boolean(),
  /** What the other one wrote beside a request that is open. */
  note: z.string().max(LIMITS.consentNoteBytesMax).optional(),
  /** The rooms that the state is about; absent where it is about any. */
  rooms: z.array(roomField).max(LIMITS.contactRoomsMax).optional(),
  /** When it became as it is; absent where nothing is. */
  changedAt: time.optional(),
});
export type Contact = z.output<typeof contactSchema>;
export type ContactState = Contact["state"];

export const contactsAnswerSchema = z.object({ contacts: z.array(contactSchema) });
export type ContactsAnswer = z.output<typeof contactsAnswerSchema>;

export const contactRequestSchema = z.strictObject({
  /** At most `LIMITS.consentNoteBytesMax` octets in UTF-8. */
  note: z
    .string()
    .max(16 * LIMITS.consentNoteBytesMax)
    .optional(),
  /** Asks for this room only. */
  room: roomField.optional(),
});
export type ContactRequest = z.output<typeof contactRequestSchema>;

/** With a room, only to be added to that one. */
export const contactAcceptSchema = z.strictObject({ room: roomField.optional() });
export type ContactAccept = z.output<typeof contactAcceptSchema>;

export const contactActSchema = z.strictObject({});
export type ContactAct = z.output<typeof contactActSchema>;
