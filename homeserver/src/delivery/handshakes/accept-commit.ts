import {
  type Bytes,
  type ClientUri,
  isEnded,
  LIMITS,
  type SignedHead,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  updateRoomResponseCodec,
  userOfClient,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import { type AcceptableCommit, checkCommit, type CommitUpload } from "./check-commit.ts";
import type { DeliveryContext } from "../context.ts";
import { askToTakeOver, closeLog, type MovesContext } from "../moves/index.ts";
import { endRoom } from "../leaving/index.ts";
import {
  answerExpiry,
  appendEntry,
  appendMessage,
  type Attempt,
  checkListedClient,
  hasMoved,
  type HostedRoom,
  listRemoteClients,
  MOVED,
  type RemoteClients,
  type Request,
  requestKey,
  signedHeadOf,
  waitForProposals,
} from "../room/index.ts";
import { unsettledAfter } from "../health/index.ts";
import { countLinkUse } from "../joining/index.ts";
import { checkRoomsOfAdded, changePeers, changeSubscriptions } from "./membership.ts";
import { parcelsOfCommit, peersOfCommit } from "./parcels.ts";
import type { LogPoint } from "../store/index.ts";
import type { Submission } from "../messages/index.ts";

/** A commit that passes, once it is known what other servers say of the clients that it brings. */
export type Checked = { readonly hosted: HostedRoom; readonly commit: AcceptableCommit };

/**
 * Thrown out of the room's turn: nobody else waits while other servers are asked, about clients of
 * theirs, or whether they are ready to be the hub.
 */
export class ListsWanted extends Error {
  override readonly name = "ListsWanted";
  readonly checked: Checked;

  constructor(checked: Checked) {
    super("Other servers are to be asked first.");
    this.checked = checked;
  }

  /** Asks them. Refuses what asking refuses: `peerUnreachable`, `peerDenied`, what a new hub says. */
  async ask(context: MovesContext): Promise<Listed> {
    const { checked } = this;
    await askToTakeOver(context, checked.hosted, checked.commit);
    return { checked, remote: await listRemoteClients(context, newLeavesOf(checked.commit)) };
  }
}

export type Listed = { readonly checked: Checked; readonly remote: RemoteClients };

/**
 * Checks a commit bundle outside, compares and writes inside one transaction. Throws `ListsWanted`
 * for a commit with new leaves of other servers' clients, unless their lists are given.
 */
export async function acceptCommit(
  context: MovesContext,
  request: Request,
  attempt: Attempt,
  { upload, listed }: { readonly upload: CommitUpload; readonly listed: Listed | undefined },
): Promise<Bytes | typeof MOVED> {
  const { hosted } = attempt;
  const known = listed?.checked.hosted === hosted ? listed.checked.commit : undefined;
  const commit = known ?? (await checkCommit(context, hosted, request.caller, upload));
  const isLocal = (client: ClientUri): boolean => context.accounts.isLocal(userOfClient(client));
  const unasked = listed === undefined || (commit.handOver !== undefined && known === undefined);
  const isOurs = [...newLeavesOf(commit)].every(isLocal) && commit.handOver === undefined;
  if (unasked && !isOurs) {
    throw new ListsWanted({ hosted, commit });
  }
  const remote: RemoteClients = listed?.remote ?? new Map();
  return context.database.transaction((tx) =>
    write(context, tx, { request, attempt, upload, commit, remote }),
  );
}

type Writing = {
  readonly request: Request;
  readonly attempt: Attempt;
  readonly upload: CommitUpload;
  readonly commit: AcceptableCommit;
  /** What other servers said of their clients among the new leaves. */
  readonly remote: RemoteClients;
};

async function write(
  context: MovesContext,
  tx: Tx,
  writing: Writing,
): Promise<Bytes | typeof MOVED> {
  const { store, crypto, rooms } = context;
  const { attempt, commit, upload } = writing;
  const { hosted, key } = attempt;
  const { next, at } = commit;
  const before = await store.head(tx, hosted.id);
  if (before === undefined || hasMoved(hosted, before)) return MOVED;
  const { group } = next;
  for (const client of newLeavesOf(commit)) {
    const isNew = commit.added.some((one) => one.client === client);
    await checkListedClient(context, tx, { group, remote: writing.remote, isNew }, client);
  }
  await checkRoomsOfAdded(context, tx, hosted, commit);

  const introduced = await store.takeIntroductions(tx, hosted.id);
  const place = { hosted, acceptedAt: at };
  const peers = commit.handOver === undefined ? peersOfCommit(hosted, next) : hosted.peers;
  const point = await appendEntry(
    context,
    tx,
    { ...place, after: before, peers },
    {
      kind: "commit",
      epoch: hosted.group.epoch,
      leafChanges: commit.leafChanges,
      rosterHash: commit.rosterHash,
      commit: upload.commit,
      externalProposals: commit.externalProposals,
    },
    (end) => {
      const head = signedHeadOf(crypto, next, end).signed;
      return parcelsOfCommit(hosted, commit, upload, { head, introduced });
    },
  );
  await countLinkUse(
    context,
    tx,
    { before: hosted, after: next, used: commit.usedLink },
    point.position,
  );
  const head = signedHeadOf(crypto, next, point);
  await changeSubscriptions(context, tx, { hosted, commit, upload, point, head: head.bytes });
  const { handOver: named } = commit;
  if (named !== undefined) {
    const { groupInfo } = upload;
    await closeLog(context, tx, {
      hosted,
      commit: { ...commit, handOver: named },
      groupInfo,
      point,
    });
    const answer = answerOf(at, point, head.signed);
    await store.keepAnswer(tx, key, answer, answerExpiry(at));
    return answer;
  }
  if (isEnded(next.view.state)) {
    const answer = answerOf(at, point, head.signed);
    await store.keepAnswer(tx, key, answer, answerExpiry(at));
    await endRoom(context, tx, next, { after: point, acceptedAt: at, reason: "deleted" });
    return answer;
  }
  await changePeers(context, tx, hosted, next, point);
  const first = upload.firstMessage;
  const end =
    first === undefined
      ? point
      : await appendMessage(
          context,
          tx,
          { ...place, after: point, peers: next.peers },
          first.request,
        );
  await store.startEpoch(tx, hosted.id, {
    head: { ...end, epoch: next.group.epoch, revision: next.revision },
    signedHead: head.bytes,
    epoch: commit.epoch,
    nodes: commit.nodes,
    removed: commit.removed.map(({ leaf }) => leaf),
    added: commit.added,
    welcomed: commit.welcomed,
    proposals: next.group.pendingProposals.map(({ ref, message }) => ({
      ref,
      message,
      acceptedAt: at,
    })),
  });
  const unsettled = unsettledAfter({
    hosted,
    commit: {
      epoch: hosted.group.epoch,
      ...point,
      committer: commit.committer.client,
      external: commit.external,
    },
  });
  const [newest, keptFrom] = [unsettled.at(-1), unsettled[0]?.position];
  if (newest !== undefined && keptFrom !== undefined) {
    await store.addUnsettled(tx, hosted.id, newest, keptFrom);
  }
  // Whose user has come with another client is held no longer.
  if (hosted.held.size > 0) await store.addRemovals(tx, hosted.id, next, at);
  await store.collectTrees(tx, hosted.id, LIMITS.epochWindowEpochs);

  const behind = first === undefined ? undefined : end.position;
  const answer = answerOf(at, point, head.signed, behind);
  await store.keepAnswer(tx, key, answer, answerExpiry(at));
  if (first !== undefined) await keepFirstAnswer(context, tx, writing, first, end);
  const reports = hosted.reports.filter(({ position }) => position >= (keptFrom ?? 0));
  tx.afterCommit(() => {
    rooms.put({ ...next, unsettled, reports });
    if (waitForProposals(next)) context.breaths.begin(next.room);
  });
  return answer;
}

function answerOf(
  acceptedAt: number,
  { position }: LogPoint,
  head: SignedHead,
  firstMessagePosition?: number,
): Bytes {
  const code = "success";
  return updateRoomResponseCodec.encode({ code, acceptedAt, position, head, firstMessagePosition });
}

/** Whoever enters, and the committer whose leaf is new too: judged by the lists of this moment. */
function newLeavesOf({ committer, added }: AcceptableCommit): ReadonlySet<ClientUri> {
  return new Set([committer.client, ...added.map(({ client }) => client)]);
}

/** The first message may be repeated by itself when the answer to the bundle was lost. */
async function keepFirstAnswer(
  { store }: DeliveryContext,
  tx: Tx,
  { request, commit }: Writing,
  { request: first, lastPosition: near }: Submission,
  { position }: LogPoint,
): Promise<void> {
  const { at: acceptedAt } = commit;
  const answer = submitMessageResponseCodec.encode({
    status: "accepted",
    acceptedAt,
    position,
    frank: undefined,
  });
  const key = requestKey({ ...request, bytes: submitMessageRequestCodec.encode(first), near });
  await store.keepAnswer(tx, key, answer, answerExpiry(acceptedAt));
}
