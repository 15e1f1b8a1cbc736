import type { GroupMember } from "@treehouse/mls/member";
import {
  areEndorsed,
  type Bytes,
  claimantsOf,
  endorsersNeeded,
  equalBytes,
  type GroupUri,
  type Predecessor,
  Refusal,
  roomOfGroup,
  type RoomState,
  userOfClient,
} from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";
import type { FormerGroup } from "../rejoining/index.ts";

/** A group that is said to be the one that the room goes on with. */
export type Successor = {
  readonly group: GroupUri;
  readonly state: RoomState;
  /** Who let this client in: signed the GroupInfo, or committed the Welcome. */
  readonly signer: GroupMember | undefined;
};

/**
 * FED-1136: whether a group follows the one that this client was in. The owners whom it knows have said so,
 * by the keys by which it knows them; or, where it is in another epoch than the claim and cannot tell,
 * somebody vouches whom it knew as a member. Refuses `invalidMessage`.
 */
export function checkSuccession(
  { member: { crypto } }: Pick<GroupsContext, "member">,
  former: FormerGroup,
  { group, state, signer }: Successor,
): void {
  const [before, after] = [roomOfGroup(former.group), roomOfGroup(group)];
  const { predecessor } = state;
  if (after.room !== before.room || predecessor === undefined || state.term < former.term) {
    throw new Refusal("invalidMessage", "the group is not one that follows this client's");
  }
  const { claim } = predecessor;
  const isNext = claim.previous === former.group;
  const verify = crypto.verify.bind(crypto);
  const isEndorsed =
    isNext &&
    areEndorsed(predecessor, (client) => former.keys.get(client), verify) &&
    isAgreed(former, predecessor);
  if (isNext && claim.epoch === former.epoch) {
    if (!equalBytes(claim.transcript, former.transcript)) {
      throw new Refusal("invalidMessage", "the group follows another form of this client's");
    }
  }
  if (isEndorsed) return;
  const isElsewhere = !isNext || claim.epoch !== former.epoch;
  if (isElsewhere && signer !== undefined && isKnown(former, signer)) return;
  throw new Refusal("invalidMessage", "too few owners have said that the group follows this one");
}

function isAgreed({ view }: FormerGroup, { claim, endorsements }: Predecessor): boolean {
  const claimants = new Set(claimantsOf(view, claim));
  const agreed = new Set(endorsements.map(({ client }) => userOfClient(client)));
  return agreed.intersection(claimants).size >= endorsersNeeded(view, claim);
}

/** Who a member is, as far as it is known again. */
export type SignerIdentity = Pick<GroupMember, "user"> & {
  readonly identity: { readonly certificate: { readonly identityKey: Bytes } };
};

/** Whether a user was in the group under the same identity key. */
export function isKnown(
  { identities }: Pick<FormerGroup, "identities">,
  { user, identity }: SignerIdentity,
): boolean {
  const known = identities.get(user);
  return known !== undefined && equalBytes(known, identity.certificate.identityKey);
}
