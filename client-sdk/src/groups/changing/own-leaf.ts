import type { GroupMember, MemberGroup } from "@treehouse/mls/member";
import { type ClientUri, RULES_VERSION } from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";

type Of = Pick<GroupsContext, "people" | "self">;

/** What the own leaves of an epoch come to, by the newest list of the user's clients. */
export type OwnLeaves = {
  /**
   * The own leaf is certified by a device-signing key that has been replaced (decision 0021), or says of
   * fewer rules that they are known than this program does (FED-745).
   */
  readonly isBehind: boolean;
  /** Leaves of clients which the list does not name: they were revoked. */
  readonly unlisted: readonly number[];
  /** How many clients of the own user have a leaf further to the left, and are to commit before. */
  readonly before: number;
  /** The highest number of a device-signing key among them. */
  readonly newest: number;
};

type Known = { readonly listed: ReadonlySet<ClientUri>; readonly leaves: OwnLeaves };

/** Asked at every entry, and different only after a commit or with another list. */
const known = new WeakMap<readonly GroupMember[], Known>();

export function ownLeavesOf({ people, self }: Of, group: MemberGroup): OwnLeaves {
  const members = group.members();
  const listed = people.self.clients();
  const kept = known.get(members);
  if (kept?.listed === listed) return kept.leaves;
  const own = members.filter(({ user }) => user === self.user);
  const leaf = own.find(({ client }) => client === self.client);
  const leaves = {
    isBehind:
      leaf !== undefined &&
      (numberOf(leaf) < people.self.number() || leaf.rulesKnown < RULES_VERSION),
    unlisted: own
      .filter(({ client }) => client !== self.client && !listed.has(client))
      .map((one) => one.leaf),
    before: own.filter((one) => one.leaf < group.ownLeaf).length,
    newest: Math.max(0, ...own.map(numberOf)),
  };
  known.set(members, { listed, leaves });
  return leaves;
}

/**
 * Another client of the user is here with a later device-signing key than this one knows of, beside
 * which no commit of this one can stand: the newest list is asked for first.
 */
export async function catchUpWithOwn(context: Of, group: MemberGroup): Promise<void> {
  const { newest } = ownLeavesOf(context, group);
  if (newest > context.people.self.number()) await context.people.self.refresh();
}

function numberOf({ identity }: GroupMember): number {
  return identity.certificate.number;
}
