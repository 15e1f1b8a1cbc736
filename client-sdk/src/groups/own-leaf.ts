import type { GroupMember, MemberGroup } from "@treehouse/mls/member";

import type { GroupsContext } from "./context.ts";

type Of = Pick<GroupsContext, "people" | "self">;

/** The own leaf is certified by a device-signing key that has been replaced (decision 0021). */
export function isLeafBehind({ people, self }: Of, group: MemberGroup): boolean {
  const own = ownLeaves(self, group).find(({ client }) => client === self.client);
  return own !== undefined && numberOf(own) < people.self.number();
}

/** Leaves of clients of the own user which the newest list does not name: they were revoked. */
export function unlistedLeaves({ people, self }: Of, group: MemberGroup): readonly number[] {
  const listed = people.self.clients();
  return ownLeaves(self, group)
    .filter(({ client }) => client !== self.client && !listed.has(client))
    .map(({ leaf }) => leaf);
}

/** How many clients of the own user have a leaf further to the left, and are to commit before. */
export function ownLeavesBefore({ self }: Pick<Of, "self">, group: MemberGroup): number {
  return ownLeaves(self, group).filter(({ leaf }) => leaf < group.ownLeaf).length;
}

/**
 * Another client of the user is here with a later device-signing key than this one knows of, beside
 * which no commit of this one can stand: the newest list is asked for first.
 */
export async function catchUpWithOwn({ people, self }: Of, group: MemberGroup): Promise<void> {
  const newest = Math.max(0, ...ownLeaves(self, group).map(numberOf));
  if (newest > people.self.number()) await people.self.refresh();
}

function ownLeaves({ user }: Of["self"], group: MemberGroup): readonly GroupMember[] {
  return group.members().filter((member) => member.user === user);
}

function numberOf({ identity }: GroupMember): number {
  return identity.certificate.number;
}
