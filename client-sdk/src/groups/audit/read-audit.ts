import {
  auditRecordCodec,
  type ClientUri,
  decodeRoomState,
  formatAddress,
  Refusal,
  type RoomState,
  userOfClient,
} from "@treehouse/protocol";

import type { ActShown } from "../../events/index.ts";
import type { AuditRow } from "../../storage/index.ts";
import { capabilitiesOf, type GroupsContext, type Room, loadGroup } from "../room/index.ts";
import { decodeAuditBody } from "./audit-body.ts";
import { decodeNotes, describeActs } from "./describe-acts.ts";

/** One commit that did something to a conversation or to those in it. */
export type AuditItem = {
  /** 1 for the first act in the conversation. */
  readonly number: number;
  readonly address: string;
  /** With which the actor did it. */
  readonly client: ClientUri;
  readonly acts: readonly ActShown[];
  readonly reason: string;
  /** By the actor's key, over what is said here. Who joins by a link or alone is proved by the commit. */
  readonly signed: boolean;
  readonly epoch: number;
  /** Of the commit, and when the hub took it; 0 where another member told of it. */
  readonly position: number;
  readonly acceptedAt: number;
};

export type AuditPage = AuditHead & {
  /** Ascending. */
  readonly items: readonly AuditItem[];
};

/** Where the record of a conversation stands on this client. */
export type AuditHead = {
  /** How many acts there were. */
  readonly number: number;
  /** The hash over all of them, in hexadecimal: equal for all who have the same record. */
  readonly hash: string;
  /** Whether that is known up to now: after missed commits another member's next one tells. */
  readonly isCurrent: boolean;
  /**
   * From which act on this store has the record without a gap: 1 where it has all of it. Another member
   * who was there can hand on what is before (`exportAudit`).
   */
  readonly knownFrom: number;
};

/** The state that names the roles. Refuses `notAllowed` where the own role may not read the record. */
export function checkMayRead(context: GroupsContext, room: Room): Promise<RoomState | undefined> {
  return room.serial.run(async () => {
    const status = await context.store.transaction((tx) => tx.rooms.get(room.uri)?.status);
    // Whoever is out keeps what they had.
    if (status !== "joined" && status !== "left") return undefined;
    const group = await loadGroup(context, room);
    const state = decodeRoomState(group.roomState());
    if (capabilitiesOf(group, context.self.user)("readAuditLog")) return state;
    throw new Refusal("notAllowed", "the rules of this conversation do not permit you that");
  });
}

export function auditItemOf(row: AuditRow, state: RoomState | undefined): AuditItem {
  const { signed, notes } = decodeAuditBody(row.body);
  const { actor, acts, reason } = auditRecordCodec.decode(signed.record);
  return {
    number: row.number,
    address: formatAddress(userOfClient(actor)),
    client: actor,
    acts: describeActs(acts, state, decodeNotes(notes)),
    reason,
    signed: signed.signature !== undefined,
    epoch: row.epoch,
    position: row.position,
    acceptedAt: row.acceptedAt,
  };
}
