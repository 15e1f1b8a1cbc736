import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { base64Url, clientField, count, time, token } from "./fields.ts";

const opaqueMessage = base64Url({ max: LIMITS.opaqueMessageBytesMax, min: 1 });

/** Of an authenticator app, or a recovery code as people type it. */
export const code = z.string().min(1).max(64);

export const loginFactorRequestSchema = z.strictObject({
  /** What came with `factorRequired`. */
  challenge: token,
  client: clientField,
  code,
});
export type LoginFactorRequest = z.output<typeof loginFactorRequestSchema>;

export const factorsAnswerSchema = z.object({
  /** Whether logins take a code. */
  totp: z.boolean(),
  /** Whether the account is linked with one at the operator's provider. */
  external: z.boolean(),
  /** Unused recovery codes. */
  recoveryCodes: count,
  /** Whether this server can keep an app's secret. */
  available: z.boolean(),
});
export type FactorsAnswer = z.output<typeof factorsAnswerSchema>;

export const totpStartAnswerSchema = z.object({
  /** Base32, to be typed into an app. */
  secret: z.string().min(16).max(128),
  /** `otpauth://…`, to be shown as a QR code. */
  uri: z.string().max(1024),
});
export type TotpStartAnswer = z.output<typeof totpStartAnswerSchema>;

export const totpConfirmRequestSchema = z.strictObject({ code });
export type TotpConfirmRequest = z.output<typeof totpConfirmRequestSchema>;

/** Told once; only hashes of them are kept. */
export const recoveryCodesAnswerSchema = z.object({
  recoveryCodes: z.array(z.string().max(64)).max(100),
});
export type RecoveryCodesAnswer = z.output<typeof recoveryCodesAnswerSchema>;

export const passwordProofRequestSchema = z.strictObject({ startLoginRequest: opaqueMessage });
export type PasswordProofRequest = z.output<typeof passwordProofRequestSchema>;

export const passwordProofAnswerSchema = z.object({
  proofId: token,
  loginResponse: opaqueMessage,
  expiresAt: time,
});
export type PasswordProofAnswer = z.output<typeof passwordProofAnswerSchema>;

/** Everything that a login takes, for a change that would make logins easier. */
export const provedFactorRequestSchema = z.strictObject({
  proofId: token,
  finishLoginRequest: opaqueMessage,
  code,
});
export type ProvedFactorRequest = z.output<typeof provedFactorRequestSchema>;

export const emailAddress = z.email().max(254);

export const emailRequestSchema = z.strictObject({ address: emailAddress });
export type EmailRequest = z.output<typeof emailRequestSchema>;

export const emailConfirmRequestSchema = z.strictObject({ code });
export type EmailConfirmRequest = z.output<typeof emailConfirmRequestSchema>;

export const emailAnswerSchema = z.object({
  address: emailAddress.optional(),
  /** Named, and waiting for its code. */
  pending: emailAddress.optional(),
  /** Whether this server sends mail. */
  available: z.boolean(),
});
export type EmailAnswer = z.output<typeof emailAnswerSchema>;

export const externalStartRequestSchema = z.strictObject({
  /** Where the browser comes back to: `http://127.0.0.1:<port>/callback`, or one that is configured. */
  redirectUri: z.string().min(1).max(2048),
});

export const externalStartAnswerSchema = z.object({
  flowId: token,
  authorizationUrl: z.string().max(8192),
  expiresAt: time,
});

export const externalFinishRequestSchema = z.strictObject({
  flowId: token,
  /** The whole address that the browser came to. */
  callback: z.string().min(1).max(8192),
});

/** A proof holds once: as the code of a second factor, for a link, or for a registration. */
export const externalFinishAnswerSchema = z.object({ proof: token, expiresAt: time });

export const externalLinkRequestSchema = z.strictObject({ proof: token });
