import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { code } from "./factor-schemas.ts";
import { base64Url, count, time, token } from "./fields.ts";

const opaqueMessage = base64Url({ max: LIMITS.opaqueMessageBytesMax, min: 1 });
const recoveryBundle = base64Url({ max: LIMITS.recoveryBundleBytesMax });

export const credentialStartRequestSchema = z.strictObject({
  startLoginRequest: opaqueMessage,
  registrationRequest: opaqueMessage,
});

export const credentialStartAnswerSchema = z.object({
  changeId: token,
  loginResponse: opaqueMessage,
  registrationResponse: opaqueMessage,
  expiresAt: time,
});

/** Proof that whoever asks knows the old password. */
export const credentialProofRequestSchema = z.strictObject({
  changeId: token,
  finishLoginRequest: opaqueMessage,
  /** Where the account has a second factor. */
  code: code.optional(),
});

export const credentialProofAnswerSchema = z.object({
  /** Takes the place of the one before, which is used up. */
  changeId: token,
  recoveryBundle,
  recoveryBundleVersion: count,
});

export const credentialFinishRequestSchema = z.strictObject({
  changeId: token,
  finishLoginRequest: opaqueMessage,
  registrationRecord: opaqueMessage,
  /** Sealed under the new password's export key. */
  recoveryBundle,
});

export const credentialFinishAnswerSchema = z.object({ recoveryBundleVersion: count });
