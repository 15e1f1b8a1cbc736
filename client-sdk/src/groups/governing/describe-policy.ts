import {
  capabilityName,
  type CapabilityName,
  type Mute,
  type Role,
  roleDefinition,
  roleOf,
  type RoomState,
  rulesKnownByAll,
  type RoomView,
  type UserTag,
  userTag,
  type UserUri,
} from "@treehouse/protocol";

/** Somebody whom the room's rules name by a hash alone; who it is, where this client knows. */
export type Sanctioned = { readonly tag: UserTag; readonly user: UserUri | undefined };

export type RoleInfo = {
  readonly index: number;
  readonly name: string;
  readonly description: string;
  readonly capabilities: readonly CapabilityName[];
  /** Capabilities of later versions, by number. */
  readonly unknown: readonly number[];
  /** What its holders may do to others; from 0: bring in, to 0: take out, to 1: ban. */
  readonly changes: readonly { readonly from: number; readonly to: readonly number[] }[];
  readonly atLeast: number;
  readonly atMost: number | undefined;
  /** How many have it now. */
  readonly holders: number;
};

/** The rules of a room as they stand in one epoch. */
export type PolicyInfo = {
  readonly template: string;
  readonly rulesVersion: number;
  /** No client is let in that does not know the rules of this version. */
  readonly floor: number;
  /** The latest rules that the program of everybody who is in knows: so far they can be raised. */
  readonly rulesKnown: number;
  /** The index of this user's role. */
  readonly ownRole: number;
  readonly may: readonly CapabilityName[];
  readonly defaultRole: number;
  readonly roles: readonly RoleInfo[];
  readonly fixedMembership: boolean;
  readonly severalClients: boolean;
  readonly maxUsers: number | undefined;
  readonly maxClients: number | undefined;
  readonly banned: readonly Sanctioned[];
  readonly silenced: readonly (Sanctioned & { readonly until: number | undefined })[];
};

/** `known`: users among whom those whom it names by a hash are looked for. */
export function describePolicy(
  view: RoomView,
  self: UserUri,
  known: Iterable<UserUri>,
): PolicyInfo {
  const { state } = view;
  const { basePolicy, sanctions } = state;
  const ownRole = roleOf(view, self);
  const who = sanctions === undefined ? new Map() : tagged(sanctions.salt, known);
  const holders = new Map<number, number>();
  for (const { user } of view.participants) {
    const role = roleOf(view, user);
    holders.set(role, (holders.get(role) ?? 0) + 1);
  }
  return {
    template: state.template,
    rulesVersion: state.rulesVersion,
    floor: state.floor,
    rulesKnown: rulesKnownByAll(view),
    ownRole,
    may: capabilitiesIn(state, ownRole),
    defaultRole: state.defaultRole,
    roles: state.roles.map((role) => roleInfo(role, holders.get(role.index) ?? 0)),
    fixedMembership: basePolicy.fixedMembership,
    severalClients: basePolicy.multiDevice,
    maxUsers: basePolicy.maxUsers,
    maxClients: basePolicy.maxClients,
    banned: (sanctions?.banned ?? []).map((tag) => ({ tag, user: who.get(tag) })),
    silenced: (sanctions?.muted ?? []).map(({ user: tag, until }: Mute) => ({
      tag,
      user: who.get(tag),
      until,
    })),
  };
}

function roleInfo(role: Role, holders: number): RoleInfo {
  const { index, name, description, changes, minimumParticipants, maximumParticipants } = role;
  return {
    index,
    name,
    description,
    capabilities: namesOf(role.capabilities),
    unknown: role.capabilities.filter((number) => capabilityName(number) === undefined),
    changes,
    atLeast: minimumParticipants,
    atMost: maximumParticipants,
    holders,
  };
}

function capabilitiesIn(state: RoomState, role: number): readonly CapabilityName[] {
  return namesOf(roleDefinition(state, role)?.capabilities ?? []);
}

/** Numbers of later versions have no name here and are left out. */
function namesOf(numbers: readonly number[]): readonly CapabilityName[] {
  return numbers.flatMap((number) => capabilityName(number) ?? []);
}

function tagged(salt: Uint8Array, known: Iterable<UserUri>): ReadonlyMap<UserTag, UserUri> {
  return new Map([...known].map((user) => [userTag(salt, user), user]));
}
