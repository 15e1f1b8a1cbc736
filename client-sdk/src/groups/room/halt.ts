import { Refusal, RULES_VERSION } from "@treehouse/protocol";

import type { GroupsContext, Room } from "./context.ts";
import { viewOf } from "./view-of-group.ts";

/**
 * Why a room stands still on this client, at the entry before `position`. `paused`: the room has rules of
 * a version that this client does not know, and that it would judge wrongly; it goes on once the program
 * is a newer one. `refused`: the hub took a commit that the rules forbid; who applied it would be party to
 * it, and who came back by a commit of its own as well.
 */
export type Halt = {
  readonly state: "paused" | "refused";
  readonly position: number;
  readonly reason: string;
};

/** A commit that the hub has taken although the room's rules do not allow it. */
export class ForbiddenCommit extends Error {
  /** `paused`: the room's rules are later ones, by which this client cannot judge. */
  readonly state: Halt["state"];

  constructor(state: Halt["state"], reason: string) {
    super(reason);
    this.name = "ForbiddenCommit";
    this.state = state;
  }
}

/** The room goes no further than this, for as long as this process runs and nothing is taken back. */
export function haltAt(
  context: GroupsContext,
  room: Room,
  position: number,
  { state, message }: ForbiddenCommit,
): void {
  // What was applied to the group in memory is nowhere else.
  room.group = undefined;
  halt(context, room, { state, position, reason: state === "paused" ? pausedText : message });
}

/** A room whose rules are of a later version is read and written by newer programs alone. */
export function pauseIfLater(context: GroupsContext, room: Room): void {
  if (room.group === undefined || viewOf(room.group).state.rulesVersion <= RULES_VERSION) return;
  const { position } = room.cursor;
  halt(context, room, { state: "paused", position: position + 1, reason: pausedText });
}

/** Refuses what nobody can do in a room that stands still. */
export function checkRunning({ halt: standing }: Room): void {
  if (standing === undefined) return;
  const code = standing.state === "paused" ? "versionUnsupported" : "notAllowed";
  throw new Refusal(code, standing.state === "paused" ? standing.reason : refusedText);
}

function halt(context: GroupsContext, room: Room, wanted: Halt): void {
  if (room.halt !== undefined) return;
  room.halt = wanted;
  const { state, position, reason } = wanted;
  context.env.log.warn("room.halted", { state, position });
  const code = state === "paused" ? "rulesUnknown" : "policyViolated";
  const text = state === "paused" ? reason : `${reason} ${refusedText}`;
  context.events.emit("fault", { room: room.uri, position, code, text });
  context.events.emit("halted", { room: room.uri, state, position, reason });
  // What was wanted stays stored, and nobody waits for it any more.
  const waiters = [...room.waiters.values()];
  room.waiters.clear();
  const refusal = new Refusal(state === "paused" ? "versionUnsupported" : "notAllowed", text);
  for (const waiter of waiters) waiter.reject(refusal);
}

const pausedText =
  "The conversation has rules that this program does not know: it waits for a newer one.";
const refusedText =
  "The server has let somebody do what the rules of the conversation forbid; nothing of it is applied here.";
