import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { clientName, sessionGrantSchema } from "./account-schemas.ts";
import { code } from "./factor-schemas.ts";
import { base64Url, clientField, count, token } from "./fields.ts";

const opaqueMessage = base64Url({ max: LIMITS.opaqueMessageBytesMax, min: 1 });
const clientList = base64Url({ max: LIMITS.clientListBytesMax, min: 1 });
const identityPart = base64Url({ max: LIMITS.leafIdentityBytesMax, min: 1 });

export const clientsProofRequestSchema = z.strictObject({
  /** Of a login that was started for this client, which need not be listed. */
  loginId: token,
  finishLoginRequest: opaqueMessage,
  client: clientField,
  /** Of the authenticator app, or a recovery code: where the account has a second factor. */
  code: code.optional(),
});

export const clientsProofAnswerSchema = z.object({
  /** Allows one change of the client list. */
  proofId: token,
  recoveryBundle: base64Url({ max: LIMITS.recoveryBundleBytesMax }),
  recoveryBundleVersion: count,
  /** The latest SignedClientList, which the next one follows. */
  clientList,
});

export const clientAdditionRequestSchema = z.strictObject({
  proofId: token,
  /** The next SignedClientList: the latest and the client of the proof; not countersigned. */
  clientList,
  /** The Attestation of that client. */
  attestation: identityPart,
  /** By the client's signature key over `loginProofMessage` with the proof's id as login. */
  proof: base64Url({ max: 64, min: 64 }),
  clientName: clientName.optional(),
});

export const clientAdditionAnswerSchema = z.object({
  session: sessionGrantSchema,
  /** The SignedClientList, countersigned. */
  clientList,
  /** The client's LeafIdentity, countersigned. */
  leafIdentity: identityPart,
});

export const clientRevocationRequestSchema = z.strictObject({
  proofId: token,
  /** The client that is to go; not the one of the proof. */
  client: clientField,
  /** The next SignedClientList: the latest without that client, under the next device-signing key. */
  clientList,
  /** New Attestations of all clients that stay, under that key. */
  attestations: z.array(identityPart).min(1).max(LIMITS.clientsPerUserMax),
  /** By the key of the proof's client over `loginProofMessage` with the proof's id as login. */
  proof: base64Url({ max: 64, min: 64 }),
});

export const clientsAnswerSchema = z.object({
  /** The latest SignedClientList of the own user, countersigned. */
  clientList,
  /** The asking client's LeafIdentity, countersigned. */
  leafIdentity: identityPart,
});
export type ClientsAnswer = z.infer<typeof clientsAnswerSchema>;
