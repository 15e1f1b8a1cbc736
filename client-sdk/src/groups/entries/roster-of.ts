import type { GroupMember, MemberGroup } from "@treehouse/mls/member";
import { type Bytes, type Hash, rosterHash } from "@treehouse/protocol";

type Known = { readonly members: readonly GroupMember[]; readonly hash: Bytes };

const known = new WeakMap<MemberGroup, Known>();

/** Of the members in the epoch that the group is in. Hardly any commit changes it, and it is long in a large room. */
export function rosterHashOf(group: MemberGroup, hash: Hash): Bytes {
  const members = group.members();
  const before = known.get(group);
  if (before !== undefined && isSame(before.members, members)) return before.hash;
  const roster = members.map(({ leaf, client }) => ({ leaf, client }));
  const now = { members, hash: rosterHash(roster, hash) };
  known.set(group, now);
  return now.hash;
}

function isSame(left: readonly GroupMember[], right: readonly GroupMember[]): boolean {
  if (left.length !== right.length) return false;
  return left.every((one, index) => {
    const other = right[index];
    return one === other || (one.leaf === other?.leaf && one.client === other.client);
  });
}
