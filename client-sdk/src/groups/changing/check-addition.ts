import { checkKeyPackage } from "@treehouse/mls/member";
import {
  type Bytes,
  equalBytes,
  formatAddress,
  Refusal,
  type UserUri,
  verifyAttestationCountersignature,
} from "@treehouse/protocol";

import type { GroupsContext, KnownUser } from "../room/index.ts";

/**
 * Judges what a server gave as a user's KeyPackages, before any of it is committed: each must be
 * of a client that the user's signed list names with this very key, under the pinned identity key,
 * no client may come twice, and the user's own server must vouch for each with a key that it
 * publishes, whichever server that is. So a server that adds a client of its own making is
 * caught here (T-09). Refuses `identityInvalid`.
 */
export async function checkAddition(
  context: GroupsContext,
  user: UserUri,
  keyPackages: readonly Bytes[],
): Promise<void> {
  const { crypto } = context.member;
  const refuse = (what: string) => {
    const address = formatAddress(user);
    const text = `${address} was not added: ${what}`;
    context.events.emit("identityAlarm", { user, address, kind: "clientUnlisted", text });
    return new Refusal("identityInvalid", text);
  };
  const all = await Promise.all(keyPackages.map((bytes) => checkKeyPackage(context.member, bytes)));
  const known = await lookUpFor(context, user, all);
  const seen = new Set<string>();
  for (const checked of all) {
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
    if (certificate.number < known.number) {
      throw refuse("a KeyPackage is certified by a key that the user has replaced");
    }
    if (seen.has(client)) throw refuse("a client comes twice");
    seen.add(client);
    const key = known.countersigners.get(countersigner);
    const vouched =
      key !== undefined &&
      verifyAttestationCountersignature(attestation, countersignature, key, (by, message, sig) =>
        crypto.verify(by, message, sig),
      );
    if (!vouched) throw refuse("the user's server does not vouch for a client");
  }
}

/** A list that a server was told of a while ago names no client that came, or was renewed, since. */
async function lookUpFor(
  { people }: GroupsContext,
  user: UserUri,
  keyPackages: readonly Awaited<ReturnType<typeof checkKeyPackage>>[],
): Promise<KnownUser> {
  const known = await people.lookUp(user);
  const isOlder = keyPackages.some(
    ({ client, leafIdentity }) =>
      leafIdentity.certificate.number > known.number ||
      known.clients.every((one) => one.client !== client),
  );
  return isOlder ? people.lookUp(user, { fresh: true }) : known;
}
