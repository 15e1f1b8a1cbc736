import { z } from "zod";
import { base64Url, clientField, count, time, token, userField } from "./fields.ts";
import { RENDEZVOUS_LIMITS } from "./rendezvous-limits.ts";

/** Its name: Crockford's base32, in upper case. */
const mailbox = z.string().regex(/^[0-9A-HJKMNP-TV-Z]{4}$/);

export const rendezvousRequestSchema = z.strictObject({
  /** Whose new client opens it: nobody else's session gets to it. */
  user: userField,
});

export const rendezvousAnswerSchema = z.object({
  mailbox,
  /** Of the side that has opened it. */
  key: token,
  expiresAt: time,
});

/**
 * Why a mailbox was closed, for the other side: nothing vouches for it. `done`: the new client is
 * there. `wrongCode`: the two do not have the same code. `declined`: by the user. `failed`: one side
 * could not go on.
 */
export const rendezvousEndSchema = z.enum(["done", "wrongCode", "declined", "failed"]);
export type RendezvousEnd = z.output<typeof rendezvousEndSchema>;

const turn = {
  /** A message and its number; the approving side writes 0, 2, …, the new client 1, 3, … */
  put: z
    .strictObject({
      at: count,
      message: base64Url({ max: RENDEZVOUS_LIMITS.rendezvousMessageBytesMax, min: 1 }),
    })
    .optional(),
  /** The number of the message that is waited for. */
  awaits: count,
  /** Ends the mailbox: nothing is waited for, and its messages go. */
  close: rendezvousEndSchema.optional(),
};

export const rendezvousJoiningSchema = z.strictObject({ key: token, ...turn });
export const rendezvousApprovingSchema = z.strictObject(turn);

/** Neither field: nothing has come yet, ask again. */
export const rendezvousTurnSchema = z.object({
  message: base64Url({ max: RENDEZVOUS_LIMITS.rendezvousMessageBytesMax, min: 1 }).optional(),
  closed: rendezvousEndSchema.optional(),
});

export const clientApprovalRequestSchema = z.strictObject({
  /** The new client, of the own user and not listed yet. */
  client: clientField,
});

export const clientApprovalAnswerSchema = z.object({
  /** Lets that client, once, bring the list that names it. */
  proofId: token,
  expiresAt: time,
});
