import type { CommitIntent } from "@treehouse/mls/member";
import {
  CAPABILITIES,
  type Component,
  encodeMessageExpiration,
  encodeRoomEnd,
  encodeRoomState,
  MESSAGE_EXPIRATION_COMPONENT,
  parseUserUri,
  type RefusalCode,
  ROLES,
  ROOM_END_COMPONENT,
  type RoomState,
  roomView,
  settle,
  userTag,
  type UserUri,
} from "@treehouse/protocol";

import { random } from "./forge.ts";
import type { Inside } from "./forge-upload.ts";

/** Of somebody outside, with a program like the others', and with one that knows no rules. */
export type KeyPackages = {
  readonly stranger: Uint8Array<ArrayBuffer>;
  readonly old: Uint8Array<ArrayBuffer>;
};

/**
 * Mallory's program checks nothing. Each act is one upload that breaks no
 * rule of MLS: an honest hub refuses it, and where the hub takes it all the same no honest client
 * applies it.
 */
export type Act = {
  readonly name: string;
  /** Of an admin; otherwise she is a plain member. */
  readonly as?: "admin";
  /** What the hub answers; `notAllowed` if left out. */
  readonly code?: RefusalCode;
  wish(inside: Inside, keyPackages: KeyPackages): CommitIntent;
};

const stating = (change: (inside: Inside) => Partial<RoomState>): Act["wish"] => {
  return (inside) => ({ roomState: encodeRoomState({ ...inside.state, ...change(inside) }) });
};

function assigned({ assignments }: RoomState, user: UserUri, role: number) {
  return [...assignments.filter((one) => one.user !== user), { user, role }].toSorted((a, b) =>
    a.user < b.user ? -1 : 1,
  );
}

const withComponent = (added: Component) =>
  stating(({ state: { otherComponents } }) => ({
    otherComponents: [...otherComponents, added].toSorted((a, b) => a.component - b.component),
  }));

const zoe = parseUserUri("mimi://localhost/u/zoe");
const salt = new Uint8Array(16).fill(7);
const sanctions = (change: { banned?: readonly string[]; muted?: readonly UserUri[] }) =>
  stating(() => ({
    sanctions: {
      salt,
      banned: change.banned ?? [],
      muted: (change.muted ?? []).map((user) => ({ user: userTag(salt, user), until: undefined })),
    },
  }));

const bobs = parseUserUri("mimi://localhost/u/bob");
const firstLeaf = 0;

export const acts: readonly Act[] = [
  {
    name: "makes herself an owner",
    wish: stating(({ state, user }) => ({ assignments: assigned(state, user, ROLES.owner) })),
  },
  {
    name: "makes herself an admin",
    wish: stating(({ state, user }) => ({ assignments: assigned(state, user, ROLES.admin) })),
  },
  { name: "adds a stranger", wish: (_, { stranger }) => ({ add: [stranger] }) },
  {
    name: "takes out the owner, and settles who follows",
    wish({ group, state }) {
      const left = group.members().filter(({ leaf }) => leaf !== firstLeaf);
      const view = roomView(
        state,
        left.map(({ leaf, client }) => ({ leaf, client })),
      );
      return { remove: [firstLeaf], roomState: encodeRoomState(settle(view) ?? state) };
    },
  },
  { name: "bans somebody", wish: sanctions({ banned: [userTag(salt, zoe)] }) },
  { name: "silences somebody", wish: sanctions({ muted: [zoe] }) },
  {
    name: "gives members a right more",
    wish: stating(({ state: { roles } }) => ({
      roles: roles.map((role) => {
        if (role.index !== ROLES.member) return role;
        const capabilities = [...role.capabilities, CAPABILITIES.addParticipant];
        return { ...role, capabilities: capabilities.toSorted((a, b) => a - b) };
      }),
    })),
  },
  {
    name: "takes a right from the admins",
    wish: stating(({ state: { roles } }) => ({
      roles: roles.map((role) =>
        role.index === ROLES.admin ? { ...role, capabilities: role.capabilities.slice(1) } : role,
      ),
    })),
  },
  {
    name: "makes everybody who comes an admin",
    wish: stating(() => ({ defaultRole: ROLES.admin })),
  },
  {
    name: "opens a join link",
    wish: stating(({ user }) => ({
      joinLinks: [
        {
          key: random(32),
          role: ROLES.member,
          createdBy: user,
          expiresAt: undefined,
          usesMax: undefined,
          invitee: undefined,
        },
      ],
    })),
  },
  {
    name: "bounds how many may be in",
    wish: stating(({ state: { basePolicy } }) => ({ basePolicy: { ...basePolicy, maxUsers: 3 } })),
  },
  { name: "names the room anew", wish: stating(() => ({ metadata: random(170) })) },
  {
    name: "deletes the room for all",
    wish: withComponent({ component: ROOM_END_COMPONENT, data: encodeRoomEnd() }),
  },
  {
    name: "lets messages go after a day",
    wish: withComponent({
      component: MESSAGE_EXPIRATION_COMPONENT,
      data: encodeMessageExpiration({
        minDuration: 0,
        maxDuration: 86_400,
        defaultDuration: 86_400,
      }),
    }),
  },
  {
    name: "adds to the dictionary what nobody knows",
    wish: withComponent({ component: 0x9999, data: random(8) }),
  },
  {
    name: "says that there was a room before",
    wish: stating(({ group, state, user }) => ({
      predecessor: {
        claim: {
          previous: group.group,
          epoch: 1,
          transcript: random(32),
          position: 1,
          hash: random(32),
          formerHub: state.hub,
          hub: state.hub,
          hubKey: random(32),
          term: state.term,
          reason: "reset" as const,
        },
        endorsements: [{ client: ownClient({ group, user }), signature: random(64) }],
        returning: [],
      },
    })),
  },
  {
    name: "as an admin makes herself an owner",
    as: "admin",
    wish: stating(({ state, user }) => ({ assignments: assigned(state, user, ROLES.owner) })),
  },
  {
    name: "as an admin makes another one an admin",
    as: "admin",
    wish: stating(({ state }) => ({ assignments: assigned(state, bobs, ROLES.admin) })),
  },
  {
    name: "as an admin takes out the owner, and settles who follows",
    as: "admin",
    wish({ group, state }) {
      const left = group.members().filter(({ leaf }) => leaf !== firstLeaf);
      const view = roomView(
        state,
        left.map(({ leaf, client }) => ({ leaf, client })),
      );
      return { remove: [firstLeaf], roomState: encodeRoomState(settle(view) ?? state) };
    },
  },
  {
    name: "as an admin adds a client that knows no rules",
    as: "admin",
    code: "versionUnsupported",
    wish: (_, { old }) => ({ add: [old] }),
  },
  {
    name: "as an admin deletes the room for all",
    as: "admin",
    wish: withComponent({ component: ROOM_END_COMPONENT, data: encodeRoomEnd() }),
  },
];

function ownClient({ group, user }: Pick<Inside, "group" | "user">) {
  return group.members().find((one) => one.user === user)?.client ?? fail();
}

function fail(): never {
  throw new Error("she is not in the room");
}
