import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { clientName, identityProof } from "./account-schemas.ts";
import { code, emailAddress } from "./factor-schemas.ts";
import { base64Url, time, token, userField } from "./fields.ts";

const opaqueMessage = base64Url({ max: LIMITS.opaqueMessageBytesMax, min: 1 });

/** Whose account it is, and the address that was confirmed as that account's. */
export const resetRequestSchema = z.strictObject({ user: userField, address: emailAddress });
export type ResetRequest = z.output<typeof resetRequestSchema>;

/** What the mail brought, and the first half of a registration of the new password. */
export const resetStartRequestSchema = z.strictObject({
  token,
  registrationRequest: opaqueMessage,
});
export type ResetStartRequest = z.output<typeof resetStartRequestSchema>;

export const resetStartAnswerSchema = z.object({
  user: userField,
  resetId: token,
  registrationResponse: opaqueMessage,
  expiresAt: time,
});
export type ResetStartAnswer = z.output<typeof resetStartAnswerSchema>;

/** The new identity, as at a registration; answered like one. */
export const resetFinishRequestSchema = z.strictObject({
  resetId: token,
  /** Of the second factor, if the account has one. */
  code: code.optional(),
  registrationRecord: opaqueMessage,
  /** Sealed under a key derived from OPAQUE's export_key. */
  recoveryBundle: base64Url({ max: LIMITS.recoveryBundleBytesMax }),
  ...identityProof,
  clientName: clientName.optional(),
});
export type ResetFinishRequest = z.output<typeof resetFinishRequestSchema>;

export const resetAnswerSchema = z.object({
  /** Until then any client of the account can stop it; absent while nobody resets the account. */
  waitsUntil: time.optional(),
});
export type ResetAnswer = z.output<typeof resetAnswerSchema>;

/** Data of `contactReset`. */
export const contactResetSchema = z.object({
  user: userField,
  identityKey: base64Url({ max: 32, min: 32 }),
});
export type ContactReset = z.output<typeof contactResetSchema>;

/** Data of `resetWaiting`. */
export const resetWaitingSchema = z.object({ waitsUntil: time });
