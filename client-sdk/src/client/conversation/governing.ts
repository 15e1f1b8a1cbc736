import {
  CAPABILITIES,
  type CapabilityName,
  formatAddress,
  parseAddress,
  Refusal,
  type RoomUri,
  type UserTag,
  type UserUri,
} from "@treehouse/protocol";

import type { PolicyInfo, RoleInfo, Sanctioned } from "../../groups/index.ts";
import { type ActOptions, reasonOf } from "./act-options.ts";
import type { ConversationParts } from "./conversation-parts.ts";
import { guarded } from "../guarded.ts";

/** Somebody who is banned or silenced. The address is undefined where this client does not know it. */
export type SanctionedPerson = { readonly tag: string; readonly address: string | undefined };

/** The rules of a conversation as they stand; roles are named by their names. */
export type ConversationPolicy = Omit<
  PolicyInfo,
  "ownRole" | "defaultRole" | "roles" | "banned" | "silenced"
> & {
  readonly ownRole: string;
  /** Whoever comes gets this one. */
  readonly defaultRole: string;
  readonly roles: readonly (Omit<RoleInfo, "changes"> & {
    /** From which role to which its holders may move others; from the first: bring in; to it: take out. */
    readonly changes: readonly { readonly from: string; readonly to: readonly string[] }[];
  })[];
  readonly banned: readonly SanctionedPerson[];
  readonly silenced: readonly (SanctionedPerson & { readonly until: number | undefined })[];
};

/** A role as it is to be. What is left out stays as it is, or as in the role that a new one is like. */
export type RoleWish = {
  readonly name: string;
  readonly description?: string;
  /** For a new role: the one that it begins as; "member" if it is left out. */
  readonly like?: string;
  /** For a new role: the one right above which it ranks; the one that it is like if left out. */
  readonly above?: string;
  readonly allow?: readonly CapabilityName[];
  readonly deny?: readonly CapabilityName[];
  /** At most so many may hold it; null: any number. */
  readonly atMost?: number | null;
};

export type LimitsWish = {
  /** Null takes a bound away. */
  readonly maxUsers?: number | null | undefined;
  readonly maxClients?: number | null | undefined;
  /** False: from now on nobody comes in with a second client. */
  readonly severalClients?: boolean | undefined;
};

/** In milliseconds since the Unix epoch; for good where it is left out. */
export type SilenceOptions = ActOptions & { readonly until?: number | undefined };

/**
 * Roles, bans and rules of a conversation. All of it is agreed in the group and checked by everybody:
 * what the own role does not permit is refused `notAllowed`. People are named by their addresses, and by
 * their tags where those are not known. A reason is kept in the record of acts.
 */
export interface Governing {
  policy(): Promise<ConversationPolicy>;
  /**
   * Gives people another role, by its name. Who is not in is passed over, unless nobody of them is in:
   * that is refused `notFound`, as a role is that there is not. Refuses `notAllowed` what would leave the
   * conversation without an owner.
   */
  setRole(addresses: readonly string[], role: string, options?: ActOptions): Promise<void>;
  /** Takes people out and keeps them out; who is not in can be banned as well. */
  ban(addresses: readonly string[], options?: ActOptions): Promise<void>;
  /** They may be added again, or come in as others do. */
  unban(people: readonly string[], options?: ActOptions): Promise<void>;
  /** Lets people read and not write, until a time or for good. */
  silence(addresses: readonly string[], options?: SilenceOptions): Promise<void>;
  unsilence(people: readonly string[], options?: ActOptions): Promise<void>;
  /** Changes a role, or makes a new one. Refuses `malformed` where there is no room for it. */
  defineRole(wish: RoleWish, options?: ActOptions): Promise<void>;
  /** Nobody may hold it any more. Refuses `malformed`. */
  removeRole(name: string, options?: ActOptions): Promise<void>;
  /** What whoever comes is from now on. Those who are in keep what they are. */
  setDefaultRole(name: string, options?: ActOptions): Promise<void>;
  setLimits(wish: LimitsWish, options?: ActOptions): Promise<void>;
  /**
   * Has the conversation go by later rules, and nobody in it whose program does not know them. Refuses
   * `versionUnsupported` unless the program of everybody who is in does.
   */
  raiseRules(version: number, options?: ActOptions): Promise<void>;
}

export function createGoverning({ groups, session }: ConversationParts, room: RoomUri): Governing {
  const change = async (
    wish: Parameters<typeof groups.setPolicy>[1],
    options: ActOptions | undefined,
  ): Promise<void> => void (await groups.setPolicy(room, wish, reasonOf(options)));
  const others = (addresses: readonly string[]): readonly UserUri[] => {
    const users = addresses.map(parseAddress);
    if (!users.includes(session.user)) return users;
    throw new Refusal("notAllowed", "nobody bans or silences themselves");
  };
  const roleIndex = async (name: string): Promise<number> =>
    roleNamed(await groups.policy(room), name).index;
  return {
    policy: () => guarded(async () => namedPolicy(await groups.policy(room))),
    setRole: (addresses, role, options) =>
      guarded(async () => {
        const users = addresses.map(parseAddress);
        await change({ kind: "assign", users, role: await roleIndex(role) }, options);
      }),
    ban: (addresses, options) =>
      guarded(async () => change({ kind: "ban", users: others(addresses) }, options)),
    unban: (people, options) =>
      guarded(async () => change({ kind: "unban", ...sorted(people) }, options)),
    silence: (addresses, options = {}) =>
      guarded(async () =>
        change({ kind: "mute", users: others(addresses), until: options.until }, options),
      ),
    unsilence: (people, options) =>
      guarded(async () => change({ kind: "unmute", ...sorted(people) }, options)),
    defineRole: (wish, options) =>
      guarded(async () =>
        change({ kind: "defineRole", ...roleOf(await groups.policy(room), wish) }, options),
      ),
    removeRole: (name, options) =>
      guarded(async () => change({ kind: "dropRole", index: await roleIndex(name) }, options)),
    setDefaultRole: (name, options) =>
      guarded(async () => change({ kind: "defaultRole", index: await roleIndex(name) }, options)),
    setLimits: (wish, options) => guarded(async () => change({ kind: "limits", ...wish }, options)),
    raiseRules: (version, options) =>
      guarded(async () => change({ kind: "rules", version }, options)),
  };
}

function namedPolicy({ banned, silenced, roles, ...policy }: PolicyInfo): ConversationPolicy {
  const name = (index: number) => roles.find((role) => role.index === index)?.name ?? `${index}`;
  return {
    ...policy,
    ownRole: name(policy.ownRole),
    defaultRole: name(policy.defaultRole),
    roles: roles.map((role) => ({
      ...role,
      changes: role.changes.map(({ from, to }) => ({ from: name(from), to: to.map(name) })),
    })),
    banned: banned.map(person),
    silenced: silenced.map(({ until, ...one }) => ({ ...person(one), until })),
  };
}

function person({ tag, user }: Sanctioned): SanctionedPerson {
  return { tag, address: user && formatAddress(user) };
}

const tagPattern = /^[0-9a-f]{32}$/;

/** Tags are what the rules themselves name people by; everything else is an address. */
function sorted(people: readonly string[]): {
  readonly users: readonly UserUri[];
  readonly tags: readonly UserTag[];
} {
  return {
    users: people.filter((one) => !tagPattern.test(one)).map(parseAddress),
    tags: people.filter((one) => tagPattern.test(one)),
  };
}

function roleNamed({ roles }: PolicyInfo, name: string): RoleInfo {
  const role = roles.find((one) => one.name === name);
  if (role !== undefined) return role;
  throw new Refusal("notFound", `the conversation has no role "${name}"`);
}

function roleOf(policy: PolicyInfo, wish: RoleWish) {
  const known = policy.roles.find((role) => role.name === wish.name);
  const model = known ?? roleNamed(policy, wish.like ?? "member");
  const index = known?.index ?? indexAbove(policy, roleNamed(policy, wish.above ?? model.name));
  const { allow = [], deny = [], atMost = model.atMost } = wish;
  const names = new Set([...model.capabilities, ...allow]).difference(new Set(deny));
  return {
    role: {
      index,
      name: wish.name,
      description: wish.description ?? (known === undefined ? "" : model.description),
      capabilities: [
        ...model.unknown,
        ...[...names].map((name): number => CAPABILITIES[name]),
      ].toSorted((a, b) => a - b),
      minimumParticipants: known === undefined ? 0 : model.atLeast,
      maximumParticipants: atMost ?? undefined,
      changes: model.changes,
    },
    like: known === undefined ? model.index : undefined,
  };
}

/** A free index right above a role, in the middle of the gap, so that others find room on both sides. */
function indexAbove({ roles }: PolicyInfo, { index, name }: RoleInfo): number {
  const next = roles.map((role) => role.index).filter((one) => one > index);
  const free = next.length === 0 ? index : Math.floor((index + Math.min(...next)) / 2);
  if (free > index && index > 0) return free;
  throw new Refusal("malformed", `there is no room for a role right above "${name}"`);
}
