import {
  type Bytes,
  mayLeave,
  mayRemoveOwnClient,
  Refusal,
  type UpdateFraming,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { endRoom, isOver } from "../leaving/index.ts";
import { checkHandshakeFraming, checkSender } from "../messages/index.ts";
import {
  appendEntry,
  type Attempt,
  hasMoved,
  hostedRoom,
  type HostedRoom,
  keepSuccess,
  leavesOfUser,
  MOVED,
  type Request,
  signedHeadOf,
} from "../room/index.ts";

export type ProposalUpload = {
  readonly framing: UpdateFraming;
  readonly proposals: readonly Bytes[];
};

/**
 * Accepts proposals of a member. Only removals of the proposer's own user's clients are taken:
 * whatever else a member wants, it commits by itself. An accepted removal is kept like one that
 * was asked for by leaving: it is proposed until a commit has made it.
 */
export async function acceptProposals(
  context: DeliveryContext,
  { caller }: Request,
  { hosted, key }: Attempt,
  { proposals: messages, framing }: ProposalUpload,
): Promise<Bytes | typeof MOVED> {
  const { env, database } = context;
  const sender = checkSender(hosted, caller);
  checkHandshakeFraming(hosted, framing, "invalidProposal");
  const at = env.now();
  const checked = await hosted.group.checkProposals(messages, at);
  if (checked.senderLeaf !== sender) {
    throw new Refusal("clientMismatch", "The proposals are not the session's client's.");
  }
  const own = new Set(leavesOfUser(hosted, caller.user));
  if (checked.removes.length !== messages.length || !checked.removes.every((l) => own.has(l))) {
    throw new Refusal("notAllowed", "Members propose the removal of their own clients only.");
  }
  const removals = new Set([...hosted.removals, ...checked.removes]);
  const held = hosted.held.difference(new Set(checked.removes));
  // Whoever proposes the removal of all own clients leaves (FED-753).
  const leaves = [...own].every((leaf) => removals.has(leaf));
  const verdict = (leaves ? mayLeave : mayRemoveOwnClient)(hosted.view, caller.user);
  if (!verdict.allowed) throw new Refusal(verdict.code, verdict.reason);
  const next = hostedRoom({
    ...hosted,
    revision: hosted.revision + 1,
    group: checked.group,
    removals,
    held,
  });
  return database.transaction((tx) => write(context, tx, { hosted, next, key, at, messages }));
}

type Writing = {
  readonly hosted: HostedRoom;
  readonly next: HostedRoom;
  readonly key: Bytes;
  readonly at: number;
  readonly messages: readonly Bytes[];
};

async function write(
  context: DeliveryContext,
  tx: Tx,
  { hosted, next, key, at, messages }: Writing,
): Promise<Bytes | typeof MOVED> {
  const { store, crypto, rooms } = context;
  const head = await store.head(tx, hosted.id);
  if (head === undefined || hasMoved(hosted, head)) return MOVED;
  const place = { hosted, after: head, acceptedAt: at, peers: hosted.peers };
  const point = await appendEntry(context, tx, place, { kind: "proposal", proposals: messages });
  const answer = await keepSuccess(context, tx, key, {
    at,
    head: signedHeadOf(crypto, next, point).signed,
  });
  if (isOver(next)) {
    await endRoom(context, tx, next, { after: point, acceptedAt: at });
    return answer;
  }
  const added = next.group.pendingProposals.slice(hosted.group.pendingProposals.length);
  await store.addRemovals(tx, hosted.id, next, at);
  await store.addProposals(tx, hosted.id, {
    head: { ...point, epoch: head.epoch, revision: next.revision },
    proposals: added.map(({ ref, message }) => ({ ref, message, acceptedAt: at })),
  });
  tx.afterCommit(() => rooms.put(next));
  return answer;
}
