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
  /** Oldest first. */
  passkeys: z.array(
    z.object({
      id: z.string().max(2048),
      label: z.string().max(64),
      createdAt: time,
      usedAt: time.optional(),
    }),
  ),
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

/** A proof holds once, in the place of a code; one of a provider also for a link or a registration. */
export const proofAnswerSchema = z.object({ proof: token, expiresAt: time });

export const externalLinkRequestSchema = z.strictObject({ proof: token });

const webAuthnText = z.string().max(16_384);
const credential = {
  id: z.string().min(1).max(2048),
  rawId: z.string().min(1).max(2048),
  type: z.literal("public-key"),
  clientExtensionResults: z.object({}).default({}),
};

/** `RegistrationResponseJSON` of WebAuthn, as `PublicKeyCredential.toJSON()` gives it; more is left out. */
const passkeyRegistration = z.object({
  ...credential,
  response: z.object({ clientDataJSON: webAuthnText, attestationObject: webAuthnText }),
});
export type PasskeyRegistration = z.output<typeof passkeyRegistration>;

/** `AuthenticationResponseJSON` of WebAuthn. */
const passkeyAssertion = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: webAuthnText,
    authenticatorData: webAuthnText,
    signature: webAuthnText,
  }),
});
export type PasskeyAssertion = z.output<typeof passkeyAssertion>;

export const passkeyStartAnswerSchema = z.object({
  flowId: token,
  /** JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`, or `parseRequestOptionsFromJSON`. */
  options: z.record(z.string(), z.unknown()),
  expiresAt: time,
});

export const passkeyRegistrationRequestSchema = z.strictObject({
  flowId: token,
  /** How the user calls it, for the server to see. */
  label: z.string().min(1).max(64),
  response: passkeyRegistration,
});

export const passkeyAssertionRequestSchema = z.strictObject({
  flowId: token,
  response: passkeyAssertion,
});
