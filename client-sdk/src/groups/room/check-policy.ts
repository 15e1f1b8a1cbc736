import type { CommitResult, MemberGroup } from "@treehouse/mls/member";
import {
  type Actor,
  authorize,
  componentOf,
  decodeSafeAad,
  type GroupUri,
  isParticipant,
  JOIN_TICKET_COMPONENT,
  linkOfCommit,
  participantsAfter,
  Refusal,
  type RefusalCode,
  type RoomView,
  settle,
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

export type Violation = { readonly code: RefusalCode; readonly reason: string };
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
 * wrong with it.
 */
export function violationOf(
  before: PolicyBefore,
  result: CommitResult,
  after: MemberGroup,
  accepted: { readonly at: number; readonly verify: Verify },
): Violation | undefined {
  try {
    const removed = result.removed.map(({ leaf, client }) => ({
      user: userOfClient(client),
      leaf,
    }));
    const added = result.added.map(({ client, rulesKnown }) => ({
      user: userOfClient(client),
      client,
      rulesKnown,
    }));
    const { pendingRemovals } = before;
    const change = { added, removed, stateAfter: undefined, pendingRemovals };
    const participants = participantsAfter(before.view, change);
    const verdict = authorize(before.view, actorOf(before, result, after, accepted), {
      added,
      removed,
      stateAfter: result.removedSelf
        ? // The state after it is not for this client; what follows from who is gone is taken for granted.
          settle({ state: before.view.state, participants })
        : result.roomStateChanged
          ? viewOf(after).state
          : undefined,
      pendingRemovals: result.external ? [] : pendingRemovals,
    });
    return verdict.allowed ? undefined : { code: verdict.code, reason: verdict.reason };
  } catch (error) {
    // A ticket that does not hold (FED-1084).
    if (error instanceof Refusal) return { code: error.code, reason: error.message };
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
