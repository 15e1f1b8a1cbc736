import { mintClientUri, parseDomain, parseUserUri } from "../../src/identifiers/index.ts";
import type { UserUri } from "../../src/identifiers/index.ts";
import {
  type Actor,
  authorize,
  participantsAfter,
  ROLES,
  type RoomChange,
  type RoomView,
  settle,
  template,
} from "../../src/policy/index.ts";
import type { RoomState } from "../../src/room/index.ts";

export const hub = parseDomain("example.org");
const named = (name: string): UserUri => parseUserUri(`mimi://example.org/u/${name}`);
export const [olga, oskar, anna, ben] = [
  named("olga"),
  named("oskar"),
  named("anna"),
  named("ben"),
];
export const [mia, max, zoe] = [named("mia"), named("max"), named("zoe")];

/** Olga (two clients) and Oskar own the room, Anna and Ben are admins, Mia and Max members. */
export const group: RoomView = {
  state: {
    ...template("group", { founder: olga, hub, term: 1 }),
    assignments: [
      { user: anna, role: ROLES.admin },
      { user: ben, role: ROLES.admin },
      { user: olga, role: ROLES.owner },
      { user: oskar, role: ROLES.owner },
    ],
  },
  participants: [
    { user: anna, leaves: [2] },
    { user: ben, leaves: [3] },
    { user: max, leaves: [5] },
    { user: mia, leaves: [4, 7] },
    { user: olga, leaves: [0, 6] },
    { user: oskar, leaves: [1] },
  ],
};

export const direct: RoomView = {
  state: template("direct", { founder: olga, peer: mia, hub, term: 1 }),
  participants: [
    { user: mia, leaves: [1] },
    { user: olga, leaves: [0] },
  ],
};

export const nothing: RoomChange = {
  added: [],
  removed: [],
  stateAfter: undefined,
  pendingRemovals: [],
};

export function add(...users: UserUri[]): RoomChange {
  const added = users.map((user) => ({
    user,
    client: mintClientUri(user, (length) => new Uint8Array(length)),
  }));
  return { ...nothing, added };
}

/** Removes these leaves, and lets follow what must. */
export function remove(view: RoomView, ...leaves: number[]): RoomChange {
  const removed = leaves.map((leaf) => ({
    user: view.participants.find((one) => one.leaves.includes(leaf))?.user ?? zoe,
    leaf,
  }));
  return settled(view, { ...nothing, removed });
}

function settled(view: RoomView, change: RoomChange): RoomChange {
  const state = change.stateAfter ?? view.state;
  const after = settle({ state, participants: participantsAfter(view, change) });
  return after === undefined ? change : { ...change, stateAfter: after };
}

export function assign(view: RoomView, user: UserUri, role: number): RoomChange {
  const others = view.state.assignments.filter((entry) => entry.user !== user);
  const own = role === view.state.defaultRole ? [] : [{ user, role }];
  const assignments = [...others, ...own].toSorted((a, b) => (a.user < b.user ? -1 : 1));
  return settled(view, { ...nothing, stateAfter: { ...view.state, assignments } });
}

export function edit(view: RoomView, part: Partial<RoomState>): RoomChange {
  return { ...nothing, stateAfter: { ...view.state, ...part } };
}

export function decide(view: RoomView, user: UserUri, change: RoomChange): string {
  return code(view, { kind: "member", user }, change);
}

export function code(view: RoomView, actor: Actor, change: RoomChange): string {
  const verdict = authorize(view, actor, change);
  return verdict.allowed ? "allowed" : verdict.code;
}

export const metadata = new Uint8Array([1, 2, 3]);
export const [no, yes, invalid] = ["notAllowed", "allowed", "invalidCommit"];
