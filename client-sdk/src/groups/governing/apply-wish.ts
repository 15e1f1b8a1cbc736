import {
  BANNED_ROLE,
  compareUsers,
  type Env,
  isParticipant,
  OUTSIDER_ROLE,
  Refusal,
  type Role,
  type RoleAssignment,
  roleDefinition,
  roleLookup,
  RULES_VERSION,
  rulesKnownByAll,
  type RoomState,
  type RoomView,
  SANCTIONS_SALT_BYTES,
  settle,
  type Sanctions,
  type UserTag,
  type UserUri,
  userTag,
} from "@treehouse/protocol";

import type { PolicyWish } from "./wish.ts";

/**
 * Works a wish into the state of a room; undefined where the state says so already. Refuses `malformed`
 * what no room can be given, `notFound` and `notAllowed` roles that nobody would have afterwards, and
 * `versionUnsupported` rules that not everybody knows.
 */
export function applyWish(
  view: RoomView,
  wish: PolicyWish,
  { random, now }: Pick<Env, "random" | "now">,
): RoomState | undefined {
  const { state } = view;
  switch (wish.kind) {
    case "assign":
      return assign(view, wish.users, wish.role);
    case "ban": {
      const before = state.sanctions ?? noSanctions(random);
      const tags = wish.users.map((user) => userTag(before.salt, user));
      const banned = [...new Set([...before.banned, ...tags])].toSorted();
      return withSanctions(state, { ...before, banned });
    }
    case "unban":
      return lift(state, wish, (before, lifted) => ({
        ...before,
        banned: before.banned.filter((tag) => !lifted.has(tag)),
      }));
    case "mute": {
      const before = state.sanctions ?? noSanctions(random);
      const tags = new Set(wish.users.map((user) => userTag(before.salt, user)));
      // Whoever changes the list clears it of what is over.
      const others = before.muted.filter(
        ({ user, until }) => !tags.has(user) && (until === undefined || until > now()),
      );
      const muted = [...others, ...[...tags].map((user) => ({ user, until: wish.until }))];
      return withSanctions(state, { ...before, muted: muted.toSorted(byUser) });
    }
    case "unmute":
      return lift(state, wish, (before, lifted) => ({
        ...before,
        muted: before.muted.filter(({ user }) => !lifted.has(user)),
      }));
    case "defineRole":
      return withRole(state, wish.role, wish.like);
    case "dropRole":
      return withoutRole(state, wish.index);
    case "defaultRole":
      return withDefaultRole(view, wish.index);
    case "limits":
      return withLimits(state, wish);
    case "rules":
      return withRules(view, wish.version);
  }
}

function assign(view: RoomView, users: readonly UserUri[], role: number): RoomState | undefined {
  const { state } = view;
  // Who is not in has no role to be changed.
  const present = users.filter((user) => isParticipant(view, user));
  if (present.length === 0) {
    throw new Refusal("notFound", "none of these people is in the conversation");
  }
  const roleNow = new Map(state.assignments.map((entry) => [entry.user, entry.role]));
  const changed = present.filter((user) => (roleNow.get(user) ?? state.defaultRole) !== role);
  if (changed.length === 0) return undefined;
  const others = state.assignments.filter(({ user }) => !changed.includes(user));
  const own = role === state.defaultRole ? [] : changed.map((user) => ({ user, role }));
  const after = { ...state, assignments: sorted([...others, ...own]) };
  // Where nobody would be an owner, the rules make somebody one: that may be who was to be none any more.
  const settled = roleLookup(settle({ ...view, state: after }) ?? after);
  if (changed.some((user) => settled(user) !== role)) {
    throw new Refusal("notAllowed", "a conversation has an owner: make somebody else one first");
  }
  return after;
}

function lift(
  state: RoomState,
  { users, tags }: { readonly users: readonly UserUri[]; readonly tags: readonly UserTag[] },
  without: (before: Sanctions, lifted: ReadonlySet<UserTag>) => Sanctions,
): RoomState | undefined {
  const { sanctions } = state;
  if (sanctions === undefined) return undefined;
  const lifted = new Set([...tags, ...users.map((user) => userTag(sanctions.salt, user))]);
  return withSanctions(state, without(sanctions, lifted));
}

function withSanctions(state: RoomState, after: Sanctions): RoomState | undefined {
  const sanctions = after.banned.length + after.muted.length === 0 ? undefined : after;
  return sameSanctions(state.sanctions, sanctions) ? undefined : { ...state, sanctions };
}

function sameSanctions(a: Sanctions | undefined, b: Sanctions | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const mutes = ({ muted }: Sanctions) => muted.map(({ user, until }) => `${user} ${until ?? ""}`);
  return `${a.banned.join()} ${mutes(a).join()}` === `${b.banned.join()} ${mutes(b).join()}`;
}

function noSanctions(random: Env["random"]): Sanctions {
  return { salt: random(SANCTIONS_SALT_BYTES), banned: [], muted: [] };
}

type RoleWish = Extract<PolicyWish, { kind: "defineRole" }>["role"];

function withRole(
  state: RoomState,
  wish: RoleWish,
  like: number | undefined,
): RoomState | undefined {
  const before = roleDefinition(state, wish.index);
  const role: Role = {
    index: wish.index,
    name: wish.name,
    description: wish.description,
    capabilities: wish.capabilities,
    minimumParticipants: wish.minimumParticipants,
    maximumParticipants: wish.maximumParticipants,
    minimumActiveParticipants: before?.minimumActiveParticipants ?? 0,
    maximumActiveParticipants: before?.maximumActiveParticipants,
    changes: wish.changes,
  };
  const rest = state.roles.filter(({ index }) => index !== wish.index);
  const isNew = before === undefined && like !== undefined;
  const others = isNew ? rest.map((one) => treatsAlike(one, like, wish.index)) : rest;
  const roles = [...others, role].toSorted((a, b) => a.index - b.index);
  const known = new Set([OUTSIDER_ROLE, ...roles.map(({ index }) => index)]);
  const named = role.changes.flatMap(({ from, to }) => [from, ...to]);
  const strange = named.find((one) => !known.has(one));
  if (strange !== undefined) throw new Refusal("malformed", `there is no role ${strange}`);
  return sameRoles(roles, state.roles) ? undefined : { ...state, roles };
}

/** All of them have their fields in one order. */
function sameRoles(a: readonly Role[], b: readonly Role[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whoever may give or take one role may do the same with another one that is new. */
function treatsAlike(role: Role, known: number, added: number): Role {
  const changes = role.changes.map(({ from, to }) => ({
    from,
    to: from === known || to.includes(known) ? [...to, added].toSorted(ascending) : to,
  }));
  const alike = role.changes.find(({ from }) => from === known);
  if (alike === undefined) return { ...role, changes };
  const own = { from: added, to: [...alike.to, known].toSorted(ascending) };
  return { ...role, changes: [...changes, own].toSorted((a, b) => a.from - b.from) };
}

const ascending = (a: number, b: number): number => a - b;

/** Nobody may hold it any more; what others may do to its holders goes with it. */
function withoutRole(state: RoomState, index: number): RoomState | undefined {
  if (roleDefinition(state, index) === undefined) return undefined;
  const held = state.assignments.some(({ role }) => role === index) || state.defaultRole === index;
  if (held || index <= BANNED_ROLE) {
    throw new Refusal("malformed", "a role that somebody has, or that every room has, stays");
  }
  const roles = state.roles
    .filter((role) => role.index !== index)
    .map((role) => ({
      ...role,
      changes: role.changes
        .filter(({ from }) => from !== index)
        .map(({ from, to }) => ({ from, to: to.filter((one) => one !== index) }))
        .filter(({ to }) => to.length > 0),
    }));
  return { ...state, roles };
}

/** Everybody keeps the role that they have: who had the default one is assigned it from then on. */
function withDefaultRole({ state, participants }: RoomView, index: number): RoomState | undefined {
  if (state.defaultRole === index) return undefined;
  const role = new Map(state.assignments.map((entry) => [entry.user, entry.role]));
  const assignments = participants
    .map(({ user }) => ({ user, role: role.get(user) ?? state.defaultRole }))
    .filter((entry) => entry.role !== index);
  return { ...state, defaultRole: index, assignments: sorted(assignments) };
}

function withRules(view: RoomView, version: number): RoomState | undefined {
  const { state } = view;
  if (version <= state.floor) return undefined;
  if (Math.min(rulesKnownByAll(view), RULES_VERSION) < version) {
    const reason = "the program of somebody in the conversation does not know these rules";
    throw new Refusal("versionUnsupported", reason);
  }
  return { ...state, rulesVersion: Math.max(version, state.rulesVersion), floor: version };
}

function withLimits(
  state: RoomState,
  { maxUsers, maxClients, severalClients }: Extract<PolicyWish, { kind: "limits" }>,
): RoomState | undefined {
  const before = state.basePolicy;
  const bound = (wanted: number | null | undefined, known: number | undefined) =>
    wanted === undefined ? known : (wanted ?? undefined);
  const after = {
    ...before,
    maxUsers: bound(maxUsers, before.maxUsers),
    maxClients: bound(maxClients, before.maxClients),
    multiDevice: severalClients ?? before.multiDevice,
  };
  const same =
    after.maxUsers === before.maxUsers &&
    after.maxClients === before.maxClients &&
    after.multiDevice === before.multiDevice;
  return same ? undefined : { ...state, basePolicy: after };
}

function sorted(assignments: readonly RoleAssignment[]): readonly RoleAssignment[] {
  return assignments.toSorted((a, b) => compareUsers(a.user, b.user));
}

function byUser(a: { readonly user: UserTag }, b: { readonly user: UserTag }): number {
  return a.user < b.user ? -1 : 1;
}
