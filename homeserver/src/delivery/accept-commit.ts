import {
  LIMITS,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import type { Bytes } from "@treehouse/protocol";
import type { Tx } from "../platform/index.ts";
import { checkCommit } from "./check-commit.ts";
import type { AcceptableCommit, CommitUpload } from "./check-commit.ts";
import type { DeliveryContext } from "./context.ts";
import { signedHeadOf } from "./heads.ts";
import { checkLocalClient } from "./identity.ts";
import { appendEntry, appendMessage, hasMoved } from "./log.ts";
import { answerExpiry, MOVED, requestKey } from "./request.ts";
import type { Attempt, Request } from "./request.ts";
import { checkRoomsOfAdded, changeSubscriptions } from "./membership.ts";
import type { LogPoint } from "./store.ts";
import type { Submission } from "./submission.ts";

/** Checks a commit bundle outside, compares and writes inside one transaction. */
export async function acceptCommit(
  context: DeliveryContext,
  request: Request,
  attempt: Attempt,
  upload: CommitUpload,
): Promise<Bytes | typeof MOVED> {
  const commit = await checkCommit(context, attempt.hosted, request.caller, upload);
  return context.database.transaction((tx) =>
    write(context, tx, { request, attempt, upload, commit }),
  );
}

type Writing = {
  readonly request: Request;
  readonly attempt: Attempt;
  readonly upload: CommitUpload;
  readonly commit: AcceptableCommit;
};

async function write(
  context: DeliveryContext,
  tx: Tx,
  writing: Writing,
): Promise<Bytes | typeof MOVED> {
  const { store, roomLog, crypto, rooms } = context;
  const { attempt, commit, upload } = writing;
  const { hosted, key } = attempt;
  const { next, at } = commit;
  const before = await store.head(tx, hosted.id);
  if (before === undefined || hasMoved(hosted, before)) return MOVED;
  await checkListed(context, tx, commit);
  await checkRoomsOfAdded(context, tx, hosted, commit);

  const place = { hosted, acceptedAt: at };
  const point = await appendEntry(
    roomLog,
    tx,
    { ...place, after: before },
    {
      kind: "commit",
      epoch: hosted.group.epoch,
      leafChanges: commit.leafChanges,
      rosterHash: commit.rosterHash,
      commit: upload.commit,
      externalProposals: commit.externalProposals,
    },
  );
  const head = signedHeadOf(crypto, next, point);
  await changeSubscriptions(context, tx, { hosted, commit, upload, point, head: head.bytes });
  const first = upload.firstMessage;
  const end =
    first === undefined
      ? point
      : await appendMessage(roomLog, tx, { ...place, after: point }, first.request);
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
  await store.collectTrees(tx, hosted.id, LIMITS.epochWindowEpochs);

  const answer = updateRoomResponseCodec.encode({
    code: "success",
    acceptedAt: at,
    position: point.position,
    head: head.signed,
    firstMessagePosition: first === undefined ? undefined : end.position,
  });
  await store.keepAnswer(tx, key, answer, answerExpiry(at));
  if (first !== undefined) await keepFirstAnswer(context, tx, writing, first, end);
  tx.afterCommit(() => rooms.put(next));
  return answer;
}

/** Whoever enters, and the committer whose leaf is new too, is judged by the lists of this moment. */
async function checkListed(
  context: DeliveryContext,
  tx: Tx,
  { next, committer, added }: AcceptableCommit,
): Promise<void> {
  const clients = new Set([committer.client, ...added.map(({ client }) => client)]);
  for (const client of clients) await checkLocalClient(context, tx, next.group, client);
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
