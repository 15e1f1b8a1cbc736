import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { code } from "./factor-schemas.ts";
import { base64Url, clientField, count, time, token, userField } from "./fields.ts";

const opaqueMessage = base64Url({ max: LIMITS.opaqueMessageBytesMax, min: 1 });
const signature = base64Url({ max: 64, min: 64 });
const publicKey = base64Url({ max: 32, min: 32 });
const sealedBundle = base64Url({ max: LIMITS.recoveryBundleBytesMax, min: 1 });
const clientList = base64Url({ max: LIMITS.clientListBytesMax, min: 1 });

/** The second copy of the recovery bundle, which the recovery key opens. */
const copyFields = {
  /** Ed25519; its private half comes from the recovery key alone. */
  verificationKey: publicKey,
  sealedCopy: sealedBundle,
};

export const recoveryAnswerSchema = z.object({
  /** How many recovery keys there have been; 0: none. */
  version: count,
  /** Absent with version 0. */
  current: z.object({ ...copyFields, createdAt: time }).optional(),
});

export const recoveryWriteSchema = z.strictObject({
  /** Of the password, or of the recovery key before; as for a change of the client list. */
  proofId: token,
  expectedVersion: count,
  ...copyFields,
});

export const recoveryVersionSchema = z.object({ version: count });

export const recoveryStartRequestSchema = z.strictObject({
  user: userField,
  /** The client that acts; it need not be listed. */
  client: clientField,
});

export const recoveryStartAnswerSchema = z.object({ challenge: token, expiresAt: time });

export const recoveryProofRequestSchema = z.strictObject({
  challenge: token,
  client: clientField,
  /** By the recovery key's key pair over `recoveryProofMessage`. */
  signature,
  /** Of the authenticator app, or a recovery code: where the account has a second factor. */
  code: code.optional(),
});

export const recoveryProofAnswerSchema = z.object({
  /** Allows one change of the client list. */
  proofId: token,
  sealedCopy: sealedBundle,
  version: count,
  /** The latest SignedClientList, which the next one follows. */
  clientList,
});

export const passwordResetStartRequestSchema = z.strictObject({
  registrationRequest: opaqueMessage,
});

export const passwordResetStartAnswerSchema = z.object({
  changeId: token,
  registrationResponse: opaqueMessage,
  expiresAt: time,
});

export const passwordResetFinishRequestSchema = z.strictObject({
  changeId: token,
  registrationRecord: opaqueMessage,
  /** Sealed under the new password's export key. */
  recoveryBundle: sealedBundle,
  /** By the recovery key's key pair over `passwordResetMessage`. */
  signature,
  /** Where the account has a second factor. */
  code: code.optional(),
});
