import {
  CAPABILITIES,
  type ClientUri,
  decodeRoomState,
  encodeHistoryPolicy,
  hasCapability,
  HISTORY_LIMITS,
  HISTORY_POLICY_COMPONENT,
  historyPolicyOf,
  isParticipantRole,
  Refusal,
  roleOf,
} from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import { type GroupsContext, type Room, loadGroup, viewOf } from "../room/index.ts";
import { encodeComponent } from "./wished-state.ts";

/** What a room grants those who join it, as its state has it in this epoch. */
export type HistoryGranting = {
  /** 0: nothing. */
  readonly days: number;
  /** Clients of those who may send it, in the order of their leaves. */
  readonly clients: readonly ClientUri[];
};

export function historyGrantingIn(context: GroupsContext, room: Room): Promise<HistoryGranting> {
  return room.serial.run(async () => {
    const group = await loadGroup(context, room);
    const view = viewOf(group);
    const { days, roles } = historyPolicyOf(view.state);
    const members = group.members().toSorted((a, b) => a.leaf - b.leaf);
    // Who may not write cannot tell anything either.
    const sharing = members.filter(({ user }) => {
      const role = roleOf(view, user);
      return roles.includes(role) && hasCapability(view.state, role, CAPABILITIES.sendMessage);
    });
    return { days, clients: sharing.map(({ client }) => client) };
  });
}

/** The wish that the room grants so many days; everybody in it sends them. Refuses `limitExceeded`. */
export async function historyDaysWish(context: GroupsContext, room: Room, days: number) {
  const limit = HISTORY_LIMITS.historyGrantDaysMax;
  if (!Number.isInteger(days) || days < 0 || days > limit) {
    throw new Refusal("limitExceeded", `a conversation grants 0 to ${limit} days`, {
      limitName: "historyGrantDaysMax",
      limit,
    });
  }
  return room.serial.run(async () => {
    const group = await loadGroup(context, room);
    const state = decodeRoomState(group.roomState());
    const roles = state.roles.map(({ index }) => index);
    const data = encodeHistoryPolicy({
      days,
      roles: roles.filter((index) => isParticipantRole(state, index)),
    });
    return encodeComponent({ component: HISTORY_POLICY_COMPONENT, data });
  });
}

const joinedSetting = (room: string) => `history joined ${room}`;

/** Where this client came in by another one's commit: what was said before is not its own to know. */
export type JoinedAt = { readonly position: number; readonly acceptedAt: number };

export function noteJoined(tx: LocalTx, room: string, { position, acceptedAt }: JoinedAt): void {
  const octets = new Uint8Array(16);
  const view = new DataView(octets.buffer);
  view.setFloat64(0, position);
  view.setFloat64(8, acceptedAt);
  tx.settings.put(joinedSetting(room), octets);
}

export function joinedAt(tx: LocalTx, room: string): JoinedAt | undefined {
  const octets = tx.settings.get(joinedSetting(room));
  if (octets === undefined) return undefined;
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  return { position: view.getFloat64(0), acceptedAt: view.getFloat64(8) };
}
