import type { CommitResult, MemberGroup } from "@treehouse/mls/member";
import {
  type Actor,
  authorize,
  decodeRoomState,
  type RoomView,
  userOfClient,
} from "@treehouse/protocol";

import { viewOf } from "./view-of-group.ts";

/** The group before a commit, as far as the policy engine looks at it. */
export type PolicyBefore = {
  readonly view: RoomView;
  readonly pendingRemovals: readonly number[];
};

export function policyBefore(group: MemberGroup): PolicyBefore {
  return {
    view: viewOf(group),
    pendingRemovals: group.pendingRemovals,
  };
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
): string | undefined {
  const user = userOfClient(result.committer.client);
  const actor: Actor = result.external
    ? { kind: "joiner", user, resync: result.removed.length > 0 }
    : { kind: "member", user };
  const verdict = authorize(before.view, actor, {
    added: result.added.map(({ client }) => ({ user: userOfClient(client), client })),
    removed: result.removed.map(({ leaf, client }) => ({ user: userOfClient(client), leaf })),
    stateAfter:
      result.roomStateChanged && !result.removedSelf
        ? decodeRoomState(after.roomState())
        : undefined,
    pendingRemovals: result.external ? [] : before.pendingRemovals,
  });
  return verdict.allowed ? undefined : verdict.reason;
}
