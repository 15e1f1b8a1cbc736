import { type AuditHead, equalBytes, firstAuditHead, type RoomUri } from "@treehouse/protocol";

import type { AuditPlace, AuditRow, AuditState, AuditTold, LocalTx } from "../../storage/index.ts";
import { decodeAuditBody } from "./audit-body.ts";

/** A room that this client founds has no record yet. */
export function beginAudit(tx: LocalTx, room: RoomUri): void {
  tx.audit.setState(room, { ...firstAuditHead(room), isCurrent: true, told: undefined });
}

/** Where the record stands as far as this client knows; nowhere yet, if it was told nothing. */
export function auditState(tx: LocalTx, room: RoomUri): AuditState {
  return tx.audit.state(room) ?? { ...firstAuditHead(room), isCurrent: false, told: undefined };
}

/** FED-1148: whoever added this client has told where the record stands; or has not. */
export function joinAudit(
  tx: LocalTx,
  room: RoomUri,
  head: AuditHead | undefined,
  at: Pick<AuditTold, "group" | "epoch" | "position">,
): void {
  if (head === undefined) {
    loseAudit(tx, room);
    return;
  }
  tx.audit.takeBackTo(room, head.number);
  tx.audit.setState(room, { ...head, isCurrent: true, told: { ...head, ...at } });
}

/** Commits were missed: where the record stands is told by the next one of a member. */
export function loseAudit(tx: LocalTx, room: RoomUri): void {
  tx.audit.setState(room, { ...auditState(tx, room), isCurrent: false });
}

/**
 * The commits of a group from a place on do not stand any more: a hub was set back, or a commit was
 * declared void. The record goes on from the last head that is known to be of before them; what may lie
 * between the two is told by the next commit of a member.
 */
export function takeBackAudit(tx: LocalTx, room: RoomUri, from: AuditPlace): void {
  const state = tx.audit.state(room);
  if (state === undefined) return;
  // One that another member gave may be of before.
  const isPlaced = (row: AuditRow) => from.position === undefined || row.position > 0;
  const told = state.told !== undefined && isBefore(state.told, from) ? state.told : undefined;
  const known = [firstAuditHead(room), tx.audit.lastBefore(room, from) ?? [], told ?? []].flat();
  const { number, hash } = known.reduce((one, other) => (other.number > one.number ? other : one));
  const next = tx.audit.get(room, number + 1);
  const isNext =
    number === state.number ||
    (next !== undefined && isPlaced(next) && equalBytes(decodeAuditBody(next.body).previous, hash));
  tx.audit.takeBackTo(room, number);
  tx.audit.setState(room, { number, hash, isCurrent: state.isCurrent && isNext, told });
}

function isBefore({ group, epoch, position }: AuditTold, from: AuditPlace): boolean {
  if (group !== from.group) return true;
  return from.epoch === undefined ? position < from.position : epoch <= from.epoch;
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
