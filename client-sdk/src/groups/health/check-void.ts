import type { MemberGroup } from "@treehouse/mls/member";
import {
  equalBytes,
  LIMITS,
  roomOfGroup,
  toHex,
  type UserUri,
  verifyHealthReport,
  type VoidEntry,
} from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";

/** What this client knows of the commit that is taken back, as far as it remembers. */
export type KnownCommit = {
  readonly hash: Uint8Array | undefined;
  readonly committer: UserUri | undefined;
};

/**
 * Whether leaves of this group bear a void out (FED-1104): enough users, none of them the committer,
 * have signed that they could not apply just this commit, and it is one of the last. A hub cannot void
 * anything by itself.
 */
export function isBorneOut(
  { member: { crypto } }: Pick<GroupsContext, "member">,
  group: MemberGroup,
  { room, generation, voided, epoch, faults }: VoidEntry,
  known: KnownCommit,
): boolean {
  // A hub keeps no more to go back to. Without a bound two members and their hub would bring back
  // everybody who was ever removed (T-20).
  if (group.epoch - epoch > LIMITS.epochWindowEpochs) return false;
  const members = new Map(group.members().map((one) => [one.leaf, one]));
  const own = roomOfGroup(group.group);
  const users = new Set<UserUri>();
  const hashes = new Set<string>();
  for (const fault of faults) {
    const { report } = fault;
    const member = members.get(report.leaf);
    const isOfCommit =
      report.verdict === "fault" &&
      report.room === room &&
      report.generation === generation &&
      generation === own.generation &&
      report.position === voided &&
      report.epoch === epoch &&
      (known.hash === undefined || equalBytes(report.hash, known.hash));
    if (member === undefined || !isOfCommit || member.user === known.committer) return false;
    const signs = verifyHealthReport(fault, member.signatureKey, (key, message, signature) =>
      crypto.verify(key, message, signature),
    );
    if (!signs) return false;
    users.add(member.user);
    hashes.add(toHex(report.hash));
  }
  return users.size >= LIMITS.voidFaultsMin && hashes.size === 1;
}

export const unprovenVoidText =
  "The server takes a change of this conversation back, and shows no word of its members for it. " +
  "Nothing more is read.";
