import type { MemberGroup } from "@treehouse/mls/member";
import {
  type AssetLink,
  type ClientUri,
  type RoomUri,
  roleDefinition,
  roleOf,
  toHex,
  type UserUri,
} from "@treehouse/protocol";

import { type AuditHead, auditHeadOf } from "../audit/index.ts";
import type { RoomHealth } from "../../events/index.ts";
import {
  type GroupsContext,
  type Room,
  type Halt,
  isDamage,
  loadGroup,
  endOf,
  type RoomEnd,
  viewOf,
  unvouchedMembers,
} from "../room/index.ts";
import { healthOf } from "../health/index.ts";
import { named, pictureOf, aboutOf, decodeDetails, roomKnown } from "../about/index.ts";

/** A conversation as it stands in this client's group. */
export type RoomInfo = {
  readonly room: RoomUri;
  readonly name: string;
  readonly description: string;
  /** What is talked about now. */
  readonly topic: string;
  readonly picture: AssetLink | undefined;
  readonly template: string;
  /** The domain of the server that orders it; empty once this client is out. */
  readonly server: string;
  readonly status: string;
  /** Present while the conversation stands still on this client: see the event `halted`. */
  readonly halted?: Halt["state"] | undefined;
  readonly health: RoomHealth;
  /** Present when somebody has ended it for everybody; then that is its status, `deleted`. */
  readonly deleted: RoomEnd | undefined;
  /**
   * Where the record of what was done here stands: equal for all who have the same. Not current after
   * commits were missed, until the next one of a member tells.
   */
  readonly audit: AuditHead;
  readonly epoch: number;
  readonly position: number;
  /** Equal on all members of an epoch; hex (RFC 9420 §8.7). */
  readonly epochAuthenticator: string;
  readonly members: readonly {
    readonly user: UserUri;
    readonly role: string;
    /** With which this user is in, in the order of their leaves. */
    readonly clients: readonly ClientUri[];
  }[];
  /** Members on the word of nobody whom this client knew, and whom its user has not accepted. */
  readonly unvouched: readonly UserUri[];
};

export function describeRoom(context: GroupsContext, room: Room): Promise<RoomInfo> {
  return room.serial.run(() => described(context, room));
}

/** Undefined where the store has it no more: it is come back into as soon as there is a connection. */
async function groupOf(context: GroupsContext, room: Room): Promise<MemberGroup | undefined> {
  try {
    return await loadGroup(context, room);
  } catch (error) {
    if (!isDamage(error)) throw error;
    return undefined;
  }
}

async function described(context: GroupsContext, room: Room): Promise<RoomInfo> {
  const { row, known, end, audit } = await context.store.transaction((tx) => ({
    row: tx.rooms.get(room.uri),
    known: roomKnown(tx, room.uri),
    end: endOf(tx, room.uri),
    audit: auditHeadOf(tx, room.uri),
  }));
  const about = row === undefined ? named("") : aboutOf(decodeDetails(row.details));
  const base = {
    room: room.uri,
    name: known?.name ?? "",
    description: about.description,
    topic: about.topic,
    picture: pictureOf(room.uri, about),
    template: known?.template ?? "",
    status: end === undefined ? (row?.status ?? "removed") : "deleted",
    deleted: end,
    health: healthOf(context, room),
    audit,
    position: room.cursor.position,
    halted: room.halt?.state,
  };
  if (row === undefined || row.status === "removed") {
    return { ...base, ...withoutGroup };
  }
  const group = await groupOf(context, room);
  if (group === undefined) {
    const health = { state: "rejoining" } as const;
    return { ...base, health, ...withoutGroup };
  }
  const view = viewOf(group);
  const members = group.members();
  const unvouched = await context.store.transaction((tx) => unvouchedMembers(tx, room.uri, group));
  return {
    ...base,
    unvouched,
    server: view.state.hub,
    epoch: group.epoch,
    epochAuthenticator: toHex(group.epochAuthenticator()),
    members: view.participants.map(({ user }) => ({
      user,
      role: roleDefinition(view.state, roleOf(view, user))?.name ?? "",
      clients: members.filter((one) => one.user === user).map(({ client }) => client),
    })),
  };
}

const withoutGroup = { server: "", epoch: 0, epochAuthenticator: "", members: [], unvouched: [] };
