import {
  type Bytes,
  LIMITS,
  Refusal,
  type SignedHealthReport,
  userOfClient,
  verifyHealthReport,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import {
  appendEntry,
  type Attempt,
  hasMoved,
  type HostedRoom,
  keepSuccess,
  MOVED,
  type Request,
  signedHeadOf,
} from "../room/index.ts";
import { checkSender } from "../messages/submission.ts";
import type { StoredReport } from "./store.ts";
import { faultsOf, formerOf, reportedCommit, settled } from "./unsettled.ts";

/**
 * Takes a leaf's word on a commit into the log, where everybody sees it (FED-1100). The first word of
 * somebody else that the commit was applied makes it stand.
 */
export async function acceptReport(
  context: DeliveryContext,
  { caller }: Request,
  { hosted, key }: Attempt,
  signed: SignedHealthReport,
): Promise<Bytes | typeof MOVED> {
  const { crypto, env } = context;
  const { report } = signed;
  if (checkSender(hosted, caller) !== report.leaf) {
    throw new Refusal("clientMismatch", "The report names another client's leaf.");
  }
  const commit = reportedCommit(hosted, report);
  const former = await formerOf(context, hosted, commit);
  if (former === undefined) {
    const currentEpoch = hosted.group.epoch;
    throw new Refusal("wrongEpoch", "The commit stands already.", { currentEpoch });
  }
  const { user } = caller;
  const wasThere = former.group.roster.some(
    ({ leaf, client }) => leaf === report.leaf && client === caller.client,
  );
  if (!wasThere || user === userOfClient(commit.committer)) {
    throw new Refusal("notAllowed", "Only others who were there before can judge the commit.");
  }
  const leafKey = former.group.signatureKeyOf(report.leaf);
  const verify = (publicKey: Bytes, message: Bytes, signature: Bytes) =>
    crypto.verify(publicKey, message, signature);
  if (!verifyHealthReport(signed, leafKey, verify)) {
    throw new Refusal("invalidMessage", "The report is not signed by its leaf.");
  }
  checkIsNew(hosted, signed, caller.user);
  const at = env.now();
  const row = { user, position: report.position, acceptedAt: at, report: signed };
  return context.database.transaction((tx) => write(context, tx, { hosted, key, row }));
}

function checkIsNew(
  hosted: HostedRoom,
  { report: { verdict, position } }: SignedHealthReport,
  user: StoredReport["user"],
): void {
  const faults = faultsOf(hosted, position);
  const isKnown = verdict === "fault" && faults.some((one) => one.user === user);
  if (!isKnown && (verdict === "applied" || faults.length < LIMITS.voidFaultsMin)) return;
  throw new Refusal("conflict", "This has been reported already.");
}

async function write(
  context: DeliveryContext,
  tx: Tx,
  { hosted, key, row }: { hosted: HostedRoom; key: Bytes; row: StoredReport },
): Promise<Bytes | typeof MOVED> {
  const { store, crypto, rooms } = context;
  const before = await store.head(tx, hosted.id);
  if (before === undefined || hasMoved(hosted, before)) return MOVED;
  const { position, acceptedAt, report } = row;
  const place = { hosted, after: before, acceptedAt, peers: hosted.peers };
  const point = await appendEntry(context, tx, place, { kind: "report", report });
  // Whoever could not apply this commit has applied those before it.
  const upTo = report.report.verdict === "applied" ? position : position - 1;
  const rest = settled(hosted, upTo);
  const reports = [...rest.reports.filter((one) => one.user !== row.user), row];
  const next = report.report.verdict === "applied" ? rest : { ...rest, reports };
  const head = { ...before, ...point, revision: next.revision };
  await store.settle(tx, hosted.id, upTo, head);
  if (report.report.verdict === "fault") await store.addReport(tx, hosted.id, row, head);
  const answer = await keepSuccess(context, tx, key, {
    at: acceptedAt,
    head: signedHeadOf(crypto, next, point).signed,
  });
  tx.afterCommit(() => rooms.put(next));
  return answer;
}
