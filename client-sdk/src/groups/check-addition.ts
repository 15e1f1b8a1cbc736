import { checkKeyPackage } from "@treehouse/mls/member";
import {
  type Bytes,
  domainOf,
  equalBytes,
  formatAddress,
  Refusal,
  type UserUri,
  verifyAttestationCountersignature,
} from "@treehouse/protocol";

import type { GroupsContext } from "./context.ts";

/**
 * Judges what a server gave as a user's KeyPackages, before any of it is committed: each must be
 * of a client that the user's signed list names with this very key, under the pinned identity key,
 * and no client may come twice; a user of the own server is also vouched for by it. So a server
 * that adds a client of its own making is caught here (T-09). Refuses `identityInvalid`.
 */
export async function checkAddition(
  context: GroupsContext,
  user: UserUri,
  keyPackages: readonly Bytes[],
): Promise<void> {
  const { crypto } = context.member;
  const refuse = (what: string) =>
    new Refusal("identityInvalid", `${formatAddress(user)} was not added: ${what}`);
  const known = await context.people.lookUp(user);
  const local = domainOf(user) === domainOf(context.self.user);
  const keys = local ? await context.people.serverKeys() : new Map<string, Bytes>();
  const seen = new Set<string>();
  for (const bytes of keyPackages) {
    const checked = await checkKeyPackage(context.member, bytes);
    const { client, signatureKey, leafIdentity } = checked;
    const { attestation, certificate, countersignature, countersigner } = leafIdentity;
    const listed = known.clients.find((one) => one.client === client);
    if (certificate.user !== user) throw refuse("a KeyPackage is another user's");
    if (listed === undefined || !equalBytes(listed.signatureKey, signatureKey)) {
      throw refuse("a KeyPackage is of a client that is not in the user's list");
    }
    if (listed.expiresAt <= context.env.now()) throw refuse("a client's time is over");
    if (!equalBytes(certificate.identityKey, known.identityKey)) {
      throw refuse("a KeyPackage is under another identity key");
    }
    if (seen.has(client)) throw refuse("a client comes twice");
    seen.add(client);
    if (!local) continue;
    const key = keys.get(countersigner);
    const vouched =
      key !== undefined &&
      verifyAttestationCountersignature(attestation, countersignature, key, (by, message, sig) =>
        crypto.verify(by, message, sig),
      );
    if (!vouched) throw refuse("the server does not vouch for a client");
  }
}
