import {
  type Bytes,
  formatAddress,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  LIMITS,
  paths,
  Refusal,
  type RefusalCode,
  type RoomUri,
  signKeyMaterialRequest,
  type UserStatus,
  type UserUri,
  utf8Encode,
} from "@treehouse/protocol";

import { checkAddition } from "./check-addition.ts";
import type { GroupsContext } from "../room/index.ts";
import { noConsent } from "./no-consent.ts";

/** The one suite in use: X25519, AES-128-GCM, SHA-256, Ed25519 (RFC 9420 §17.1). */
const suite = 1;

/**
 * One KeyPackage of each client of these users, to add them all in one commit. Refuses the whole
 * when one user cannot be added now; the message names that user.
 */
export async function fetchKeyPackages(
  context: GroupsContext,
  room: RoomUri,
  users: readonly UserUri[],
): Promise<readonly Bytes[]> {
  const found: Bytes[] = [];
  for (const user of users) found.push(...(await fetchOf(context, room, user)));
  return found;
}

async function fetchOf(
  context: GroupsContext,
  room: RoomUri,
  user: UserUri,
): Promise<readonly Bytes[]> {
  const { crypto } = context.member;
  const { identity, self } = context;
  const request = signKeyMaterialRequest(
    {
      requestingUser: self.user,
      targetUser: user,
      room,
      acceptableCiphersuites: [suite],
      requiredCapabilities: { extensions: [], proposals: [], credentials: [] },
      requesterSignatureKey: identity.signaturePublicKey,
      requesterCredential: { identity: utf8Encode(self.client) },
    },
    (message) => crypto.sign(identity.signaturePrivateKey, message),
  );
  const answer = await context.api.tls(
    paths.keyMaterial(),
    keyMaterialRequestCodec.encode(request),
  );
  const response = keyMaterialResponseCodec.decode(answer);
  const packages = response.clients.flatMap((client) =>
    client.status === "success" ? [client.keyPackage] : [],
  );
  if (packages.length > 0 && packages.length <= LIMITS.clientsPerUserMax) {
    await checkAddition(context, user, packages);
    return packages;
  }
  if (response.status === "noConsent") throw noConsent(user);
  const code = refusalCodes[response.status] ?? "keyPackagesExhausted";
  throw new Refusal(code, `${formatAddress(user)} cannot be added: ${reasons[response.status]}`);
}

const refusalCodes: Partial<Record<UserStatus, RefusalCode>> = {
  userUnknown: "unknownUser",
  userDeleted: "unknownUser",
  noConsentForThisRoom: "noConsent",
};

const reasons: Record<UserStatus, string> = {
  success: "none of the user's clients has a KeyPackage left",
  partialSuccess: "none of the user's clients has a KeyPackage left",
  incompatibleProtocol: "the user's clients do not speak this protocol",
  noCompatibleMaterial: "no KeyPackage of the user fits; they may need an update",
  userUnknown: "there is no such user",
  noConsent: "the user has not agreed to be added by you",
  noConsentForThisRoom: "the user has not agreed to be added to this conversation",
  userDeleted: "the account was deleted",
};
