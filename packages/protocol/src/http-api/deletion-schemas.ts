import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { code } from "./factor-schemas.ts";
import { base64Url, time, token } from "./fields.ts";

const opaqueMessage = base64Url({ max: LIMITS.opaqueMessageBytesMax, min: 1 });

export const deletionStartRequestSchema = z.strictObject({ startLoginRequest: opaqueMessage });
export type DeletionStartRequest = z.output<typeof deletionStartRequestSchema>;

export const deletionStartAnswerSchema = z.object({
  deletionId: token,
  loginResponse: opaqueMessage,
  expiresAt: time,
});
export type DeletionStartAnswer = z.output<typeof deletionStartAnswerSchema>;

/** Body of the deletion itself: the proof that whoever asks knows the password. */
export const deletionRequestSchema = z.strictObject({
  deletionId: token,
  finishLoginRequest: opaqueMessage,
  /** Where the account has a second factor. */
  code: code.optional(),
});
export type DeletionRequest = z.output<typeof deletionRequestSchema>;
