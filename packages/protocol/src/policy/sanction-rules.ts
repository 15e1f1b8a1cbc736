import { equalBytes } from "../bytes/index.ts";
import type { UserUri } from "../identifiers/index.ts";
import {
  BANNED_ROLE,
  isBanned,
  isBannedRole,
  type Mute,
  OUTSIDER_ROLE,
  roleDefinition,
  type Sanctions,
  userTag,
  type UserTag,
} from "../room/index.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { CommitContext } from "./commit-context.ts";
import { roleLookup } from "./role-of.ts";
import { refused, type Verdict } from "./room-change.ts";

/** FED-743: whether this commit bans a user, so that it may take all its clients out. */
export function isBanning({ view, stateAfter }: CommitContext, user: UserUri): boolean {
  return isBanned(stateAfter.sanctions, user) && !isBanned(view.state.sanctions, user);
}

/** FED-743: who is banned does not come in, nor by the commit that lifts the ban. */
export function checkNotBanned(context: CommitContext, user: UserUri): Verdict | undefined {
  const { view, stateAfter } = context;
  const banned = isBanned(view.state.sanctions, user) || isBanned(stateAfter.sanctions, user);
  return banned ? refused("banned", "The user is banned from the room.") : undefined;
}

/** FED-743 and FED-744: the rules for whom a commit bans, mutes, and no longer does. */
export function checkSanctions(context: CommitContext): Verdict | undefined {
  const [before, after] = [context.view.state.sanctions, context.stateAfter.sanctions];
  if (before === after) return undefined;
  if (before !== undefined && after !== undefined && !equalBytes(before.salt, after.salt)) {
    return refused("invalidCommit", "The salt of the room's sanctions stays.");
  }
  if (context.after.some(({ user }) => isBanned(after, user))) {
    return refused("invalidCommit", "Who is banned leaves with all clients.");
  }
  const salt = (after ?? before)?.salt ?? new Uint8Array(0);
  const present = new Map(
    context.view.participants.map(({ user }) => [userTag(salt, user), user] as const),
  );
  return (
    checkBans(context, bansOf(before), bansOf(after), present) ??
    checkMutes(context, mutesOf(before), mutesOf(after), present)
  );
}

function checkBans(
  context: CommitContext,
  before: ReadonlySet<UserTag>,
  after: ReadonlySet<UserTag>,
  present: ReadonlyMap<UserTag, UserUri>,
): Verdict | undefined {
  const banned = [...after.difference(before)];
  const definition = roleDefinition(context.view.state, BANNED_ROLE);
  if (banned.length > 0 && !(definition !== undefined && isBannedRole(definition))) {
    return refused("notAllowed", "The room has no role for those who are banned.");
  }
  const role = roleLookup(context.view.state);
  for (const tag of banned) {
    const user = present.get(tag);
    const from = user === undefined ? OUTSIDER_ROLE : role(user);
    if (!context.can(CAPABILITIES.ban) || !context.move(from, BANNED_ROLE)) {
      return denied("The user may not be banned.", CAPABILITIES.ban);
    }
  }
  const lifts = before.difference(after).size > 0;
  const may = context.can(CAPABILITIES.unban) && context.move(BANNED_ROLE, OUTSIDER_ROLE);
  return lifts && !may ? denied("The ban may not be lifted.", CAPABILITIES.unban) : undefined;
}

function checkMutes(
  context: CommitContext,
  before: ReadonlyMap<UserTag, Mute>,
  after: ReadonlyMap<UserTag, Mute>,
  present: ReadonlyMap<UserTag, UserUri>,
): Verdict | undefined {
  const role = roleLookup(context.view.state);
  for (const tag of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(tag), after.get(tag)];
    if (was !== undefined && is !== undefined && was.until === is.until) continue;
    const user = present.get(tag);
    if (user === context.user) return refused("notAllowed", "Nobody lifts or sets their own mute.");
    const reaches = user === undefined || context.move(role(user), OUTSIDER_ROLE);
    if (!context.can(CAPABILITIES.muteUser) || !reaches) {
      return denied("The user may not be muted or unmuted.", CAPABILITIES.muteUser);
    }
  }
  return undefined;
}

function bansOf(sanctions: Sanctions | undefined): ReadonlySet<UserTag> {
  return new Set(sanctions?.banned);
}

function mutesOf(sanctions: Sanctions | undefined): ReadonlyMap<UserTag, Mute> {
  return new Map(sanctions?.muted.map((mute) => [mute.user, mute]));
}

function denied(reason: string, capability: number): Verdict {
  return refused("notAllowed", reason, capability);
}
