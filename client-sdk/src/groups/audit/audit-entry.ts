import type { CommitResult, GroupMember } from "@treehouse/mls/member";
import {
  type Act,
  actsOfCommit,
  type AuditHead,
  type AuditLink,
  auditRecordCodec,
  type Bytes,
  type Entry,
  equalBytes,
  formatAddress,
  nextAuditHead,
  type RoomChange,
  type RoomState,
  type SignedRecord,
  userOfClient,
  verifyRecord,
} from "@treehouse/protocol";

import type { AuditState, LocalTx } from "../../storage/index.ts";
import { type PolicyBefore, type GroupsContext, type Room, tellFault } from "../room/index.ts";
import { encodeAuditBody } from "./audit-body.ts";
import { openAuditLink } from "./audit-link.ts";
import { auditState } from "./audit-state.ts";
import { type ActNotes, describeActs, encodeNotes } from "./describe-acts.ts";

/** A commit as it was applied. */
export type AppliedCommit = {
  readonly before: PolicyBefore;
  /** Of the epoch before. */
  readonly key: Bytes;
  /** The committer's leaf before the commit; absent where the commit brought it. */
  readonly signer: GroupMember | undefined;
  readonly result: CommitResult;
  /** Undefined where the state stayed. */
  readonly stateAfter: RoomState | undefined;
};

/** What a commit adds to the record of acts. */
export type AuditEntry = {
  /** That its author gave; readable also for whom it takes out. */
  readonly reason: string;
  write(tx: LocalTx, notes: ActNotes): void;
  after(): void;
};

/**
 * Takes a commit into the record (FED-1144 to FED-1148). Every client that applies it comes to the same
 * record; what its author has signed of it is checked against that.
 */
export function auditEntry(
  context: GroupsContext,
  room: Room,
  entry: Entry,
  applied: AppliedCommit,
): AuditEntry {
  const { before, key, result } = applied;
  const { group } = before;
  const link = result.external
    ? undefined
    : openAuditLink(context, result.authenticatedData, { group, key });
  // Whom the commit takes out sees the reason, and not all that it changed.
  if (result.removedSelf) return { reason: link?.reason ?? "", write: noop, after: noop };
  const found = recordOf(context, applied, link);
  let finding: Finding = "right";
  let number = 0;
  let seen: ActNotes = {};
  return {
    reason: found?.reason ?? "",
    write(tx, notes) {
      seen = notes;
      const state = auditState(tx, room.uri);
      finding = compare(state, link?.head);
      const head = state.isCurrent ? state : finding === "right" ? link?.head : undefined;
      if (head === undefined) return;
      const at = { group, epoch: before.epoch, position: entry.position - 1 };
      const told = state.isCurrent ? state.told : { ...head, ...at };
      if (found === undefined) {
        if (!state.isCurrent) tx.audit.setState(room.uri, { ...head, isCurrent: true, told });
        return;
      }
      const next = nextAuditHead(head, found.signed);
      ({ number } = next);
      const identity = found.isSigned ? applied.signer?.identity : undefined;
      tx.audit.add({
        room: room.uri,
        ...next,
        epoch: before.epoch,
        group,
        position: entry.position,
        acceptedAt: entry.acceptedAt,
        body: encodeAuditBody({
          signed: found.signed,
          identity,
          previous: head.hash,
          notes: encodeNotes(notes),
        }),
      });
      tx.audit.setState(room.uri, { ...next, isCurrent: true, told });
    },
    after() {
      if (finding === "other") tellFault(context, room, entry, "auditMismatch", otherText);
      if (found === undefined) return;
      if (!found.isSigned && !result.external) {
        tellFault(context, room, entry, "auditUnsigned", unsignedText);
      }
      const { client } = result.committer;
      const by = userOfClient(client);
      const acts = describeActs(found.acts, before.view.state, seen);
      const { reason } = found;
      const address = formatAddress(by);
      context.events.emit("acted", { room: room.uri, number, by, address, acts, reason });
    },
  };
}

const noop = (): void => undefined;

type Found = {
  readonly acts: readonly Act[];
  readonly signed: SignedRecord;
  readonly isSigned: boolean;
  readonly reason: string;
};

function recordOf(
  context: GroupsContext,
  { before, result, signer, stateAfter }: AppliedCommit,
  link: AuditLink | undefined,
): Found | undefined {
  const { crypto } = context.member;
  const { external, committer } = result;
  const change: RoomChange = {
    added: result.added.map(({ client }) => ({ user: userOfClient(client), client })),
    removed: result.removed.map(({ leaf, client }) => ({ user: userOfClient(client), leaf })),
    stateAfter,
    pendingRemovals: external ? [] : before.pendingRemovals,
  };
  const actor = committer.client;
  const actsWith = (pendingRemovals: readonly number[]) =>
    actsOfCommit(
      {
        before: before.view,
        change: { ...change, pendingRemovals },
        actor: userOfClient(actor),
        external,
      },
      crypto.hash,
    );
  const acts = actsWith(change.pendingRemovals);
  if (acts.length === 0) return undefined;
  const place = { group: before.group, epoch: before.epoch, actor };
  const { at = 0, reason = "", signature } = link ?? {};
  if (signature !== undefined && signer !== undefined) {
    for (const these of [acts, actsWith([])]) {
      const record = auditRecordCodec.encode({ ...place, at, acts: these, reason });
      const signed = { record, signature };
      const holds = verifyRecord(signed, signer.signatureKey, (by, message, sig) =>
        crypto.verify(by, message, sig),
      );
      if (holds) return { acts: these, signed, isSigned: true, reason };
    }
  }
  const record = auditRecordCodec.encode({ ...place, at: 0, acts, reason: "" });
  return { acts, signed: { record, signature: undefined }, isSigned: false, reason: "" };
}

/** `other`: the committer has another record than this client. */
type Finding = "right" | "other";

function compare(state: AuditState, told: AuditHead | undefined): Finding {
  if (told === undefined) return "right";
  if (!state.isCurrent && told.number > state.number) return "right";
  const isSame = told.number === state.number && equalBytes(told.hash, state.hash);
  return isSame ? "right" : "other";
}

const otherText =
  "A member has another record of what was done in this conversation than this client. Compare them.";
const unsignedText =
  "Somebody did something in this conversation without signing its record; the commit alone proves them.";
