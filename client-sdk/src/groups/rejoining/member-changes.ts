import type { MemberGroup } from "@treehouse/mls/member";
import { equalBytes, type UserUri } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { isKnown, type SignerIdentity } from "../generations/check-succession.ts";
import type { FormerGroup } from "./former-group.ts";

export type MemberChanges = {
  readonly added: readonly UserUri[];
  readonly removed: readonly UserUri[];
};

/** Who came and who went between the group that this client held and the one that it came back into. */
export function memberChanges(
  { users }: Pick<FormerGroup, "users">,
  group: Pick<MemberGroup, "members">,
): MemberChanges {
  const present = new Set(group.members().map(({ user }) => user));
  return {
    added: [...present].filter((user) => !users.has(user)),
    removed: [...users].filter((user) => !present.has(user)),
  };
}

/**
 * Whom nobody vouches for: what a client came back to was signed by somebody whom it did not know, and who
 * is new there is no contact either. A hub can make a group of its own accounts and of KeyPackages that it
 * has of the others (T-01, T-20): a member whom this client knew would have had to sign it otherwise.
 */
export function unvouchedFor(
  tx: LocalTx,
  former: Pick<FormerGroup, "identities">,
  group: { members(): readonly SignerIdentity[] },
  signer: SignerIdentity,
): readonly UserUri[] {
  if (isKnown(former, signer) || isFriend(tx, signer)) return [];
  const strangers = group
    .members()
    .filter((member) => !isKnown(former, member) && !isFriend(tx, member));
  return [...new Set(strangers.map(({ user }) => user))];
}

/** Whether both users have agreed, or this one has compared the key, and it is the same. */
function isFriend(tx: LocalTx, { user, identity }: SignerIdentity): boolean {
  const known = tx.contacts.get(user);
  if (known === undefined || !equalBytes(known.identityKey, identity.certificate.identityKey)) {
    return false;
  }
  return known.verifiedAt !== undefined || tx.relations.get(user)?.state === "mutual";
}
