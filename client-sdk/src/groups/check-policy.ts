import type { CommitResult, MemberGroup } from "@treehouse/mls/member";
import {
  type Actor,
  authorize,
  componentOf,
  decodeRoomState,
  decodeSafeAad,
  type GroupUri,
  isParticipant,
  JOIN_TICKET_COMPONENT,
  linkOfCommit,
  Refusal,
  type RoomView,
  userOfClient,
  type Verify,
} from "@treehouse/protocol";

import { viewOf } from "./view-of-group.ts";

/** The group before a commit, as far as the policy engine looks at it. */
export type PolicyBefore = {
  readonly view: RoomView;
  readonly pendingRemovals: readonly number[];
  readonly group: GroupUri;
  readonly epoch: number;
};

export function policyBefore(group: MemberGroup): PolicyBefore {
  return {
    view: viewOf(group),
    pendingRemovals: group.pendingRemovals,
    group: group.group,
    epoch: group.epoch,
  };
}

/** How those came whom a commit added: a member's doing, or from outside by themselves. */
export function wayOf(
  { view }: PolicyBefore,
  { external, committer, authenticatedData }: CommitResult,
): "member" | "link" | "open" {
  if (!external || isParticipant(view, userOfClient(committer.client))) return "member";
  const { others } = decodeSafeAad(authenticatedData);
  return componentOf(others, JOIN_TICKET_COMPONENT) === undefined ? "open" : "link";
}

/**
 * Judges a commit that the hub accepted by the engine that the hub uses. The answer is what is
 * wrong with it. The commit was applied in any case: a member that refused an accepted commit
 * would fork the group (architecture §4).
 */
export function violationOf(
  before: PolicyBefore,
  result: CommitResult,
  after: MemberGroup,
  accepted: { readonly at: number; readonly verify: Verify },
): string | undefined {
  try {
    const verdict = authorize(before.view, actorOf(before, result, after, accepted), {
      added: result.added.map(({ client }) => ({ user: userOfClient(client), client })),
      removed: result.removed.map(({ leaf, client }) => ({ user: userOfClient(client), leaf })),
      stateAfter:
        result.roomStateChanged && !result.removedSelf
          ? decodeRoomState(after.roomState())
          : undefined,
      pendingRemovals: result.external ? [] : before.pendingRemovals,
    });
    return verdict.allowed ? undefined : verdict.reason;
  } catch (error) {
    // A ticket that does not hold (FED-1084).
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

function actorOf(
  { view, group, epoch }: PolicyBefore,
  { committer, external, removed, removedSelf, authenticatedData }: CommitResult,
  after: MemberGroup,
  { at, verify }: { readonly at: number; readonly verify: Verify },
): Actor {
  const { client } = committer;
  const user = userOfClient(client);
  // Whoever was removed knows nothing of the tree after it.
  const leaf = removedSelf ? undefined : after.members().find((one) => one.client === client);
  const holder = leaf && {
    group,
    epoch,
    client,
    leafKey: leaf.signatureKey,
    identityKey: leaf.identity.certificate.identityKey,
  };
  const link = holder && linkOfCommit(authenticatedData, holder, { state: view.state, at, verify });
  if (!external) return { kind: "member", user, link };
  return { kind: "joiner", user, resync: removed.length > 0, link };
}
