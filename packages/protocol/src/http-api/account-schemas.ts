import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { base64Url, clientField, count, time, token, userField } from "./fields.ts";

const opaqueMessage = base64Url({ max: LIMITS.opaqueMessageBytesMax, min: 1 });
const signature = base64Url({ max: 64, min: 64 });
const keyId = z.string().min(1).max(LIMITS.keyIdBytesMax);
const clientList = base64Url({ max: LIMITS.clientListBytesMax, min: 1 });
const identityPart = base64Url({ max: LIMITS.leafIdentityBytesMax, min: 1 });
/** What a client says of itself, for its user to know a session by. */
export const clientName = z.string().min(1).max(64);
/** What a new identity is: its certificate, its first list, and the attestation of the one client. */
export const identityProof = {
  /** A DeviceSigningCertificate. */
  certificate: identityPart,
  /** A SignedClientList, version 1, not countersigned. */
  clientList,
  /** The Attestation of the only client. */
  attestation: identityPart,
};
const recoveryBundle = base64Url({ max: LIMITS.recoveryBundleBytesMax });

export const sessionGrantSchema = z.object({ token, expiresAt: time });
export type SessionGrant = z.output<typeof sessionGrantSchema>;

export const registrationStartRequestSchema = z.strictObject({
  /** Local part of the address. */
  name: z.string().min(1).max(64),
  registrationRequest: opaqueMessage,
});
export type RegistrationStartRequest = z.output<typeof registrationStartRequestSchema>;

export const registrationStartAnswerSchema = z.object({
  user: userField,
  registrationResponse: opaqueMessage,
  registrationId: token,
  expiresAt: time,
});
export type RegistrationStartAnswer = z.output<typeof registrationStartAnswerSchema>;

export const registrationFinishRequestSchema = z.strictObject({
  registrationId: token,
  invite: token.optional(),
  /** Of a login at the operator's provider; the account is linked with it. */
  externalProof: token.optional(),
  registrationRecord: opaqueMessage,
  /** Sealed under a key derived from OPAQUE's export_key. */
  recoveryBundle,
  ...identityProof,
  clientName: clientName.optional(),
});
export type RegistrationFinishRequest = z.output<typeof registrationFinishRequestSchema>;

export const registrationFinishAnswerSchema = z.object({
  user: userField,
  client: clientField,
  session: sessionGrantSchema,
  /** The SignedClientList, countersigned. */
  clientList,
  attestationCountersignature: signature,
  countersigner: keyId,
});
export type RegistrationFinishAnswer = z.output<typeof registrationFinishAnswerSchema>;

export const loginStartRequestSchema = z.strictObject({
  user: userField,
  startLoginRequest: opaqueMessage,
  client: clientField,
});
export type LoginStartRequest = z.output<typeof loginStartRequestSchema>;

export const loginStartAnswerSchema = z.object({ loginId: token, loginResponse: opaqueMessage });
export type LoginStartAnswer = z.output<typeof loginStartAnswerSchema>;

export const loginFinishRequestSchema = z.strictObject({
  loginId: token,
  finishLoginRequest: opaqueMessage,
  client: clientField,
  /** By the client's signature key over `loginProofMessage`. */
  proof: signature,
  clientName: clientName.optional(),
});
export type LoginFinishRequest = z.output<typeof loginFinishRequestSchema>;

export const loginFinishAnswerSchema = z.object({
  session: sessionGrantSchema,
  recoveryBundle,
  recoveryBundleVersion: count,
  /** The client's LeafIdentity, countersigned, for whom the answer to the registration was lost. */
  leafIdentity: identityPart,
});
export type LoginFinishAnswer = z.output<typeof loginFinishAnswerSchema>;

export const sessionAnswerSchema = z.object({
  user: userField,
  client: clientField,
  admin: z.boolean(),
  expiresAt: time,
});
export type SessionAnswer = z.output<typeof sessionAnswerSchema>;

/** The user's own sessions, newest first. */
export const sessionsAnswerSchema = z.object({
  sessions: z.array(
    z.object({
      id: token,
      client: clientField,
      clientName: clientName.optional(),
      createdAt: time,
      /** To the hour. */
      usedAt: time,
      expiresAt: time,
      /** The one that asks. */
      current: z.boolean(),
    }),
  ),
});
export type SessionsAnswer = z.output<typeof sessionsAnswerSchema>;

export const sessionsEndedAnswerSchema = z.object({ ended: count });
export type SessionsEndedAnswer = z.output<typeof sessionsEndedAnswerSchema>;

export const userQuerySchema = z.strictObject({
  /** The user's server is asked again, even if it was a moment ago. */
  fresh: z.literal("1").optional(),
});

export const userAnswerSchema = z.object({
  user: userField,
  clientList,
  /** The keys with which the user's own server countersigns, whichever server that is. */
  countersigners: z
    .array(z.object({ kid: keyId, key: base64Url({ max: 32, min: 32 }) }))
    .max(LIMITS.countersignersMax),
});
export type UserAnswer = z.output<typeof userAnswerSchema>;

export const clientListsQuerySchema = z.strictObject({
  /** The version that was seen. */
  after: z.coerce.number().int().nonnegative(),
});

export const clientListsAnswerSchema = z.object({
  /** SignedClientLists, ascending: from behind `after`, or from the oldest that is kept. */
  clientLists: z.array(clientList),
});

export const inviteRequestSchema = z.strictObject({
  uses: z.int().min(1).max(LIMITS.inviteUsesMax),
  expiresAt: time.optional(),
});
export type InviteRequest = z.output<typeof inviteRequestSchema>;

/** The token is told once, when the invite is made. */
export const inviteAnswerSchema = z.object({
  id: token,
  token: token.optional(),
  /** Uses that are left. */
  uses: count,
  expiresAt: time.optional(),
});
export type InviteAnswer = z.output<typeof inviteAnswerSchema>;

export const invitesAnswerSchema = z.object({ invites: z.array(inviteAnswerSchema) });
export type InvitesAnswer = z.output<typeof invitesAnswerSchema>;
