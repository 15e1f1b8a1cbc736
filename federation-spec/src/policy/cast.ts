import {
  type JoinLink,
  parseDomain,
  parseUserUri,
  ROLES,
  type RoomState,
  type RoomTemplate,
  type RoomView,
  template,
  type UserUri,
  userTag,
} from "@treehouse/protocol";

const named = (name: string): UserUri => parseUserUri(`mimi://example.org/u/${name}`);

/** Who acts, by the role in which they act. */
export const actors = {
  owner: named("olga"),
  admin: named("anna"),
  speaker: named("sam"),
  member: named("mia"),
  outsider: named("zoe"),
} as const;

export type ActorName = keyof typeof actors;

/** To whom something is done: others of each role, somebody who is banned, and somebody outside. */
export const others = {
  owner: named("oskar"),
  admin: named("ben"),
  member: named("max"),
  banned: named("bea"),
  stranger: named("kim"),
} as const;

export const salt = new Uint8Array(16).fill(7);

/** A link that another admin has made, for members. */
export const link: JoinLink = {
  key: new Uint8Array(32).fill(5),
  role: ROLES.member,
  createdBy: others.admin,
  expiresAt: undefined,
  usesMax: undefined,
  invitee: undefined,
};

const hub = parseDomain("example.org");
const founding = { founder: actors.owner, hub, term: 1 };

/** The roles in which somebody acts in a room of this kind, the highest first. */
export function actorsIn(kind: RoomTemplate): readonly ActorName[] {
  if (kind === "direct") return ["member", "outsider"];
  if (kind === "announcement") return ["owner", "admin", "speaker", "member", "outsider"];
  return ["owner", "admin", "member", "outsider"];
}

/**
 * A room of each kind with everybody in it: who acts has two clients. In a direct one the member acts
 * and the other member is the peer. The other member is muted. All clients know rules version 2.
 */
export function roomOf(kind: RoomTemplate): RoomView {
  if (kind === "direct") {
    const state = template(kind, { ...founding, founder: actors.member, peer: others.member });
    return seated(state, [actors.member, others.member]);
  }
  const state = template(kind, founding);
  const roles = new Map<UserUri, number>([
    [actors.owner, ROLES.owner],
    [others.owner, ROLES.owner],
    [actors.admin, ROLES.admin],
    [others.admin, ROLES.admin],
  ]);
  const users = [...roles.keys(), actors.member, others.member];
  if (kind === "announcement") {
    roles.set(actors.speaker, ROLES.speaker);
    users.push(actors.speaker);
  }
  const full: RoomState = {
    ...state,
    assignments: [...roles].map(([user, role]) => ({ user, role })).toSorted(byUser),
    sanctions: {
      salt,
      banned: [userTag(salt, others.banned)],
      muted: [{ user: userTag(salt, others.member), until: undefined }],
    },
    joinLinks: [link],
  };
  return seated(full, users);
}

/** Two leaves for each, in the order given. */
function seated(state: RoomState, users: readonly UserUri[]): RoomView {
  const participants = users
    .map((user, index) => ({ user, leaves: [2 * index, 2 * index + 1] }))
    .toSorted(byUser);
  const leaves = participants.flatMap((one) => one.leaves);
  return { state, participants, rulesKnown: new Map(leaves.map((leaf) => [leaf, 2])) };
}

function byUser(a: { readonly user: UserUri }, b: { readonly user: UserUri }): number {
  return a.user < b.user ? -1 : 1;
}
