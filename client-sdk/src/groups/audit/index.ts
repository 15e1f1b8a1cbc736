/**
 * The record of what was done in a room: derived from its commits by every client, signed by whoever
 * did it, each part bound to the one before (page 21 of the specification).
 */
import { type Bytes, type RoomUri, toHex } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import type { GroupsContext, Room } from "../room/index.ts";
import { type AuditHead, auditItemOf, type AuditPage, checkMayRead } from "./read-audit.ts";
import { auditState } from "./audit-state.ts";
import { exportAudit, importAudit } from "./share-audit.ts";

export { auditEntry, type AuditEntry } from "./audit-entry.ts";
export { auditLinkKey, ownAuditLink } from "./audit-link.ts";
export { beginAudit, joinAudit, loseAudit, takeBackAudit } from "./audit-state.ts";
export type { AuditHead, AuditItem, AuditPage } from "./read-audit.ts";

export type AuditRange = {
  /** A number, exclusive. */
  readonly before?: number | undefined;
  readonly limit: number;
};

/** Refuses `notAllowed`. */
export async function readAudit(
  context: GroupsContext,
  room: Room,
  { before, limit }: AuditRange,
): Promise<AuditPage> {
  const state = await checkMayRead(context, room);
  return context.store.transaction((tx) => {
    const rows = tx.audit.page(room.uri, before, limit);
    const items = rows.map((row) => auditItemOf(row, state));
    return { items, ...auditHeadOf(tx, room.uri) };
  });
}

export function auditHeadOf(tx: LocalTx, room: RoomUri): AuditHead {
  const { number, hash, isCurrent } = auditState(tx, room);
  return { number, hash: toHex(hash), isCurrent, knownFrom: tx.audit.wholeFrom(room, number) };
}

export async function giveAudit(context: GroupsContext, room: Room): Promise<Bytes> {
  await checkMayRead(context, room);
  return exportAudit(context, room);
}

export { importAudit };
