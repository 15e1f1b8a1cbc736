import { type AuditHead, equalBytes, firstAuditHead, type RoomUri } from "@treehouse/protocol";

import type { AuditPlace, LocalTx } from "../../storage/index.ts";
import { decodeAuditBody } from "./audit-body.ts";

/** A room that this client founds has no record yet. */
export function beginAudit(tx: LocalTx, room: RoomUri): void {
  tx.audit.setState(room, { ...firstAuditHead(room), isCurrent: true });
}

/** FED-1148: whoever added this client has told where the record stands; or has not. */
export function joinAudit(tx: LocalTx, room: RoomUri, head: AuditHead | undefined): void {
  const known = tx.audit.state(room);
  if (head === undefined) {
    tx.audit.setState(room, { ...(known ?? firstAuditHead(room)), isCurrent: false });
    return;
  }
  tx.audit.takeBackTo(room, head.number);
  tx.audit.setState(room, { ...head, isCurrent: true });
}

/** Commits were missed: where the record stands is told by the next one of a member. */
export function loseAudit(tx: LocalTx, room: RoomUri): void {
  const known = tx.audit.state(room) ?? firstAuditHead(room);
  tx.audit.setState(room, { ...known, isCurrent: false });
}

/**
 * The commits of a group from a place on do not stand any more: a hub was set back, or a commit was
 * declared void. The record goes on from what was before them.
 */
export function takeBackAudit(tx: LocalTx, room: RoomUri, from: AuditPlace): void {
  const first = tx.audit.firstFrom(room, from);
  if (first === undefined) return;
  const { previous } = decodeAuditBody(first.body);
  const isCurrent = tx.audit.state(room)?.isCurrent ?? false;
  tx.audit.takeBackTo(room, first.number - 1);
  tx.audit.setState(room, { number: first.number - 1, hash: previous, isCurrent });
}

/** Whether this client has had the record at that point. */
export function holdsHead(tx: LocalTx, room: RoomUri, { number, hash }: AuditHead): boolean {
  const state = tx.audit.state(room);
  if (state?.number === number && equalBytes(state.hash, hash)) return true;
  const at = tx.audit.get(room, number);
  if (at !== undefined) return equalBytes(at.hash, hash);
  const next = tx.audit.get(room, number + 1);
  return next !== undefined && equalBytes(decodeAuditBody(next.body).previous, hash);
}
