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
  type UserUri,
  verifyEndorsement,
} from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";
import type { FormerGroup } from "../rejoining/index.ts";

/** A group that is said to be the one that the room goes on with. */
export type Successor = {
  readonly group: GroupUri;
  readonly state: RoomState;
  /** Who let this client in: signed the GroupInfo, or committed the Welcome. */
  readonly signer: SignerIdentity | undefined;
};

/**
 * FED-1136: whether a group follows the one that this client was in. The owners whom it knows have said so,
 * by the keys by which it knows them; or it is in another epoch than they were, and somebody vouches whom it
 * knew as a member: alone where it has missed too much to tell, and beside an owner where it has seen more
 * than they had. Refuses `invalidMessage`.
 */
export function checkSuccession(
  context: Pick<GroupsContext, "member">,
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
  if (isNext && claim.epoch === former.epoch) {
    if (!equalBytes(claim.transcript, former.transcript)) {
      throw new Refusal("invalidMessage", "the group follows another form of this client's");
    }
  }
  const isVouchedFor = signer !== undefined && isKnown(former, signer);
  if (!isNext || claim.epoch > former.epoch) {
    if (isVouchedFor || (isNext && areAllAgreed(context, former, predecessor))) return;
  } else {
    if (areAllAgreed(context, former, predecessor)) return;
    const isAhead = claim.epoch < former.epoch;
    if (isAhead && isVouchedFor && ownersIn(context, former, predecessor).size > 0) return;
  }
  throw new Refusal("invalidMessage", "too few owners have said that the group follows this one");
}

/** All who have said so are known, and enough of them are owners. */
function areAllAgreed(
  { member: { crypto } }: Pick<GroupsContext, "member">,
  { keys, view }: FormerGroup,
  predecessor: Predecessor,
): boolean {
  const { claim, endorsements } = predecessor;
  const verify = crypto.verify.bind(crypto);
  if (!areEndorsed(predecessor, (client) => keys.get(client), verify)) return false;
  const claimants = new Set(claimantsOf(view, claim));
  const agreed = new Set(endorsements.map(({ client }) => userOfClient(client)));
  return agreed.intersection(claimants).size >= endorsersNeeded(view, claim);
}

/** The owners of now who have said so by a key that this client knows. */
function ownersIn(
  { member: { crypto } }: Pick<GroupsContext, "member">,
  { keys, view }: FormerGroup,
  { claim, endorsements }: Predecessor,
): ReadonlySet<UserUri> {
  const claimants = new Set(claimantsOf(view, claim));
  const verify = crypto.verify.bind(crypto);
  const said = endorsements.filter((one) => {
    const key = keys.get(one.client);
    return key !== undefined && verifyEndorsement(claim, one, key, verify);
  });
  return claimants.intersection(new Set(said.map(({ client }) => userOfClient(client))));
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
