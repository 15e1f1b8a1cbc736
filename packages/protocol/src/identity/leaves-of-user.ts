import { equalBytes } from "../bytes/index.ts";
import { handshakeRules, Refusal } from "../refusals/index.ts";
import type { HandshakeRule } from "../refusals/index.ts";
import type { LeafIdentity } from "./leaf-identity.ts";

/** One leaf of the user after a commit. */
export type LeafOfUser = {
  readonly identity: LeafIdentity;
  /** "kept": as before; "updated": a new leaf node in the same place; "added": a new leaf. */
  readonly change: "kept" | "updated" | "added";
};

/**
 * The rules over all leaves of one user; "identityInvalid" if one is broken.
 *
 * - All leaves carry one identity key. Another one enters only with added leaves, by a member's
 *   commit, that leaves none of the old ones.
 * - A new or updated leaf's device-signing number is not below the highest among the user's leaves
 *   before and after, so that a replaced device-signing key certifies nothing more.
 *
 * `before` are the user's leaves in the epoch that the commit ends; none at a join.
 */
export function checkLeavesOfUser(leaves: {
  readonly before: readonly LeafIdentity[];
  readonly after: readonly LeafOfUser[];
  /** Whether the commit is a member's, not an external one. */
  readonly byMember: boolean;
}): void {
  const { before, after, byMember } = leaves;
  const first = after[0];
  if (first === undefined) return;
  if (after.some(({ identity }) => !sameKey(identity, first.identity))) {
    throw invalid("identityKeysDiffer");
  }
  const earlier = before.filter((identity) => sameKey(identity, first.identity));
  const isNewKey = before.length > earlier.length;
  if (isNewKey && (!byMember || after.some(({ change }) => change !== "added"))) {
    throw invalid("identityKeyChanged");
  }
  const numbers = [...earlier, ...after.map(({ identity }) => identity)].map(
    ({ certificate }) => certificate.number,
  );
  const highest = Math.max(...numbers);
  for (const { identity, change } of after) {
    if (change !== "kept" && identity.certificate.number < highest) {
      throw invalid("identityReplaced");
    }
  }
}

function sameKey(left: LeafIdentity, right: LeafIdentity): boolean {
  return equalBytes(left.certificate.identityKey, right.certificate.identityKey);
}

function invalid(rule: HandshakeRule): Refusal {
  const { says } = handshakeRules[rule];
  return new Refusal("identityInvalid", `This does not hold: ${says}`, { rule });
}
