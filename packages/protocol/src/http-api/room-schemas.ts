import { z } from "zod";
import { LIMITS } from "../limits.ts";
import type { RoomTemplate } from "../room/index.ts";
import { base64Url, count, groupField, roomField, streamField, time, token } from "./fields.ts";

const templates = [
  "direct",
  "group",
  "announcement",
  "open",
] as const satisfies readonly RoomTemplate[];

export const reserveRoomRequestSchema = z.strictObject({ template: z.enum(templates) });
export type ReserveRoomRequest = z.output<typeof reserveRoomRequestSchema>;

export const reserveRoomAnswerSchema = z.object({
  room: roomField,
  group: groupField,
  /** Ed25519: external sender 0, signer of heads. */
  hubKey: base64Url({ max: 32, min: 32 }),
  term: count,
  expiresAt: time,
});
export type ReserveRoomAnswer = z.output<typeof reserveRoomAnswerSchema>;

export const leaveRequestSchema = z.strictObject({});
export type LeaveRequest = z.output<typeof leaveRequestSchema>;

/** The caller's leaves whose removal is proposed. */
export const leaveAnswerSchema = z.object({ leaves: z.array(count) });
export type LeaveAnswer = z.output<typeof leaveAnswerSchema>;

export const roomsAnswerSchema = z.object({
  rooms: z.array(z.object({ room: roomField, epoch: count, position: count })),
});
export type RoomsAnswer = z.output<typeof roomsAnswerSchema>;

export const keyPackagesAnswerSchema = z.object({ stock: count, lastResort: z.boolean() });
export type KeyPackagesAnswer = z.output<typeof keyPackagesAnswerSchema>;

export const keyPackageUploadAnswerSchema = z.object({ stored: count, stock: count });
export type KeyPackageUploadAnswer = z.output<typeof keyPackageUploadAnswerSchema>;

export const ticketRequestSchema = z.strictObject({
  /** Present where the client keeps a store from one connection to the next. */
  store: z
    .strictObject({
      /** Random values that the store has named or is naming, the newest last. */
      marks: z
        .array(base64Url({ max: 16, min: 16 }))
        .min(1)
        .max(LIMITS.storeMarksMax),
      /** This process has been let in with it before: then it is no old copy that was put back. */
      running: z.boolean(),
    })
    .optional(),
});
export type TicketRequest = z.output<typeof ticketRequestSchema>;

export const ticketAnswerSchema = z.object({
  ticket: token,
  expiresAt: time,
  /** Present where a store was named. `restored`: another copy of it has been further already. */
  store: z.enum(["known", "restored"]).optional(),
  /** When a copy of the store was refused, if one was since the last time. */
  copiedAt: time.optional(),
});
export type TicketAnswer = z.output<typeof ticketAnswerSchema>;

export const subscriptionsAnswerSchema = z.object({
  incarnation: base64Url({ max: 16, min: 16 }),
  subscriptions: z.array(
    z.object({
      stream: streamField,
      cursor: count,
      head: count,
      oldest: count,
      /** Where it ends for the client, which is out; null, or not there, while it is in. */
      last: count.nullish(),
    }),
  ),
});
export type SubscriptionsAnswer = z.output<typeof subscriptionsAnswerSchema>;

/** Query of a page of entries; strings, for it stands in a URL. */
export const entriesQuerySchema = z.strictObject({
  after: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
  limit: z.coerce.number().int().min(1).max(LIMITS.pageEntriesMax).default(LIMITS.pageEntriesMax),
});
export type EntriesQuery = z.output<typeof entriesQuerySchema>;

/** Query of a tree. */
export const treeQuerySchema = z.strictObject({
  epoch: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER),
});
export type TreeQuery = z.output<typeof treeQuerySchema>;
