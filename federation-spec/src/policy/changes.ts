import {
  type JoinLink,
  mintClientUri,
  participantsAfter,
  type RoomChange,
  type RoomState,
  type RoomView,
  settle,
  toHex,
  type UserUri,
  userTag,
} from "@treehouse/protocol";

import { salt } from "./cast.ts";

export const nothing: RoomChange = {
  added: [],
  removed: [],
  stateAfter: undefined,
  pendingRemovals: [],
};

/** A commit that adds a client of a user, and gives a user who comes a role. */
export function adds(view: RoomView, user: UserUri, role?: number): RoomChange {
  const added = [{ user, client: mintClientUri(user, (length) => new Uint8Array(length)) }];
  const change = { ...nothing, added };
  return role === undefined ? change : { ...change, stateAfter: assigned(view.state, user, role) };
}

/** A commit that removes a user's leaves from `from` on, with what must follow. */
export function removes(view: RoomView, user: UserUri, from = 0): RoomChange {
  const removed = leavesOf(view, user)
    .slice(from)
    .map((leaf) => ({ user, leaf }));
  return settled(view, { ...nothing, removed });
}

export function edits(view: RoomView, part: Partial<RoomState>): RoomChange {
  return { ...nothing, stateAfter: { ...view.state, ...part } };
}

export function assigns(view: RoomView, user: UserUri, role: number): RoomChange {
  return settled(view, { ...nothing, stateAfter: assigned(view.state, user, role) });
}

/** Removes a user's leaves from `from` on, and bans the user. */
export function bans(view: RoomView, user: UserUri, from = 0): RoomChange {
  const change = removes(view, user, from);
  const state = change.stateAfter ?? view.state;
  const before = state.sanctions ?? { salt, banned: [], muted: [] };
  const banned = [...before.banned, userTag(salt, user)].toSorted();
  return { ...change, stateAfter: { ...state, sanctions: { ...before, banned } } };
}

/** Lifts all bans, or all mutes. */
export function lifts(view: RoomView, what: "banned" | "muted"): RoomChange {
  const { sanctions } = view.state;
  if (sanctions === undefined) return { ...nothing };
  const after = { ...sanctions, [what]: [] };
  const empty = after.banned.length + after.muted.length === 0;
  return edits(view, { sanctions: empty ? undefined : after });
}

export function mutes(view: RoomView, user: UserUri): RoomChange {
  const before = view.state.sanctions ?? { salt, banned: [], muted: [] };
  const muted = [...before.muted, { user: userTag(salt, user), until: undefined }];
  return edits(view, {
    sanctions: { ...before, muted: muted.toSorted((a, b) => (a.user < b.user ? -1 : 1)) },
  });
}

export function links(view: RoomView, ...joinLinks: readonly JoinLink[]): RoomChange {
  const known = view.state.joinLinks;
  const all = [...joinLinks, ...known];
  return edits(view, {
    joinLinks: all.toSorted((a, b) => (toHex(a.key) < toHex(b.key) ? -1 : 1)),
  });
}

/** Gives a role one more capability. */
export function grants(view: RoomView, index: number, capability: number): RoomChange {
  return edits(view, {
    roles: view.state.roles.map((role) =>
      role.index !== index || role.capabilities.includes(capability)
        ? role
        : { ...role, capabilities: [...role.capabilities, capability].toSorted((a, b) => a - b) },
    ),
  });
}

export function leavesOf(view: RoomView, user: UserUri): readonly number[] {
  return view.participants.find((one) => one.user === user)?.leaves ?? [];
}

function assigned(state: RoomState, user: UserUri, role: number): RoomState {
  const rest = state.assignments.filter((entry) => entry.user !== user);
  const own = role === state.defaultRole ? [] : [{ user, role }];
  return {
    ...state,
    assignments: [...rest, ...own].toSorted((a, b) => (a.user < b.user ? -1 : 1)),
  };
}

function settled(view: RoomView, change: RoomChange): RoomChange {
  const state = change.stateAfter ?? view.state;
  const after = settle({ state, participants: participantsAfter(view, change) });
  return after === undefined ? change : { ...change, stateAfter: after };
}
