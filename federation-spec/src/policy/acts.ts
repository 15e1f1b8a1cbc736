import { isDeepStrictEqual } from "node:util";

import {
  type Actor,
  authorize,
  CAPABILITIES,
  type CapabilityName,
  mayLeave,
  mayRemoveOwnClient,
  isParticipant,
  maySend,
  parseDomain,
  ROLES,
  type RoomChange,
  type RoomView,
  type UserUri,
  type Verdict,
} from "@treehouse/protocol";

import { link, others } from "./cast.ts";
import {
  adds,
  assigns,
  bans,
  edits,
  grants,
  leavesOf,
  lifts,
  links,
  mutes,
  nothing,
  removes,
} from "./changes.ts";

/** Something that somebody tries in a room, and the capability that it is about. */
export type Act = {
  readonly name: string;
  readonly capability: CapabilityName | undefined;
  /** Whether only who is in the room can try it, or only who is not. */
  readonly by: "anybody" | "participants" | "outsiders";
} & (
  | {
      /** A commit: of a member, or of somebody outside who tries it all the same. */
      readonly kind: "commit";
      change(view: RoomView, user: UserUri): RoomChange;
    }
  | {
      /** Something else that the engine judges. */
      readonly kind: "asked";
      judge(view: RoomView, user: UserUri): Verdict;
    }
);

const commit = (
  name: string,
  capability: CapabilityName | undefined,
  change: (view: RoomView, user: UserUri) => RoomChange,
): Act => ({ kind: "commit", name, capability, by: "anybody", change });

const asked = (
  name: string,
  capability: CapabilityName | undefined,
  verdict: (view: RoomView, user: UserUri) => Verdict,
): Act => ({ kind: "asked", name, capability, by: "anybody", judge: verdict });

const fromOutside = (...act: Parameters<typeof asked>): Act => ({
  ...asked(...act),
  by: "outsiders",
});

const withOwnClient = (...act: Parameters<typeof asked>): Act => ({
  ...asked(...act),
  by: "participants",
});

const joiner = (
  view: RoomView,
  user: UserUri,
  by: { readonly link?: typeof link; readonly resync?: boolean } = {},
): Verdict => {
  const actor: Actor = { kind: "joiner", user, resync: by.resync === true, link: by.link };
  const [leaf] = leavesOf(view, user);
  const change = adds(view, user);
  return authorize(view, actor, {
    ...change,
    removed: by.resync === true && leaf !== undefined ? [{ user, leaf }] : [],
  });
};

const newLink = (user: UserUri, role: number) => ({
  ...link,
  key: new Uint8Array(32).fill(4),
  createdBy: user,
  role,
});

const metadata = Uint8Array.of(1, 2, 3);

/** What is tried, in the order of the capabilities' numbers; each that the hub enforces at least once. */
export const acts: readonly Act[] = [
  commit("renew the own keys", undefined, () => nothing),
  commit("add a user", "addParticipant", (view) => adds(view, others.stranger)),
  commit("add a user as an admin", "addParticipant", (view) =>
    adds(view, others.stranger, ROLES.admin),
  ),
  commit("add a user whose client is below the floor", "addParticipant", (view) => {
    const { added, ...rest } = adds(view, others.stranger);
    return { ...rest, added: added.map((one) => ({ ...one, rulesKnown: 0 })) };
  }),
  commit("add a banned user", "addParticipant", (view) => adds(view, others.banned)),
  commit("remove a member", "removeParticipant", (view) => removes(view, others.member)),
  commit("remove an admin", "removeParticipant", (view) => removes(view, others.admin)),
  commit("remove another owner", "removeParticipant", (view) => removes(view, others.owner)),
  commit("add an own client", "addOwnClient", (view, user) => adds(view, user)),
  withOwnClient("come in with a new client", "addOwnClient", (view, user) => joiner(view, user)),
  withOwnClient("come back with a client", undefined, (view, user) =>
    joiner(view, user, { resync: true }),
  ),
  commit("remove an own client", "removeOwnClient", (view, user) => removes(view, user, 1)),
  asked("ask for the removal of an own client", "removeOwnClient", mayRemoveOwnClient),
  commit("remove all own clients", "removeOwnClient", (view, user) => removes(view, user)),
  fromOutside("come in", "openJoin", (view, user) => joiner(view, user)),
  asked("leave", "removeSelf", mayLeave),
  commit("make a link for members", "createJoinCode", (view, user) =>
    links(view, newLink(user, ROLES.member)),
  ),
  commit("make a link for admins", "createJoinCode", (view, user) =>
    links(view, newLink(user, ROLES.admin)),
  ),
  commit("revoke an admin's link", "deleteJoinCode", (view) => edits(view, { joinLinks: [] })),
  fromOutside("come in by a link", "useJoinCode", (view, user) => joiner(view, user, { link })),
  commit("ban a member", "ban", (view) => bans(view, others.member)),
  commit("ban an admin", "ban", (view) => bans(view, others.admin)),
  commit("ban another owner", "ban", (view) => bans(view, others.owner)),
  commit("ban somebody outside", "ban", (view) => bans(view, others.stranger)),
  commit("ban a member of whom a client stays", "ban", (view) => bans(view, others.member, 1)),
  commit("lift a ban", "unban", (view) => lifts(view, "banned")),
  commit("remove a client of a member", "kick", (view) => removes(view, others.member, 1)),
  commit("remove a client of an admin", "kick", (view) => removes(view, others.admin, 1)),
  commit("make a member an admin", "changeUserRole", (view) =>
    assigns(view, others.member, ROLES.admin),
  ),
  commit("make a member an owner", "changeUserRole", (view) =>
    assigns(view, others.member, ROLES.owner),
  ),
  commit("make an admin a member", "changeUserRole", (view) =>
    assigns(view, others.admin, ROLES.member),
  ),
  commit("make another owner a member", "changeUserRole", (view) =>
    assigns(view, others.owner, ROLES.member),
  ),
  commit("make oneself an owner", "changeUserRole", (view, user) =>
    assigns(view, user, ROLES.owner),
  ),
  asked("send a message", "sendMessage", (view, user) => maySend(view, user, 0)),
  asked("send a message while muted", "sendMessage", (view, user) => {
    const { stateAfter } = mutes(view, user);
    return maySend({ ...view, state: stateAfter ?? view.state }, user, 0);
  }),
  commit("bound the number of users", "changeMembershipStyle", (view) =>
    edits(view, { basePolicy: { ...view.state.basePolicy, maxUsers: 50 } }),
  ),
  commit("fix the membership", "changeMembershipStyle", (view) =>
    edits(view, { basePolicy: { ...view.state.basePolicy, fixedMembership: true } }),
  ),
  commit("let members call upon everybody", "changeRoleDefinitions", (view) =>
    grants(view, ROLES.member, CAPABILITIES.callEveryone),
  ),
  commit("let everybody come in", "changeRoleDefinitions", (view) =>
    grants(view, ROLES.outsider, CAPABILITIES.openJoin),
  ),
  commit("replace the metadata", "changeRoomMetadata", (view) => edits(view, { metadata })),
  commit("seal the metadata anew as somebody leaves", "rekeyRoomMetadata", (view) => {
    const change = removes(view, others.member);
    const pendingRemovals = leavesOf(view, others.member);
    return { ...change, pendingRemovals, stateAfter: { ...view.state, metadata } };
  }),
  commit("pass over a pending removal", undefined, (view) => ({
    ...nothing,
    pendingRemovals: leavesOf(view, others.member),
  })),
  commit("name another hub", "changeHub", (view) =>
    edits(view, { hub: parseDomain("other.example"), term: view.state.term + 1 }),
  ),
  commit("raise the version floor", "raiseRules", (view) =>
    edits(view, { rulesVersion: 2, floor: 2 }),
  ),
  commit("raise it above what clients here know", "raiseRules", (view) =>
    edits(view, { rulesVersion: 3, floor: 3 }),
  ),
  commit("lower the term", "raiseRules", (view) => edits(view, { term: 0 })),
  commit("change a component of a later version", "changeOtherComponents", (view) =>
    edits(view, { otherComponents: [{ component: 0x9000, data: metadata }] }),
  ),
  commit("take a lower role", "lowerOwnRole", (view, user) => assigns(view, user, ROLES.member)),
  commit("mute an admin", "muteUser", (view) => mutes(view, others.admin)),
  commit("mute another owner", "muteUser", (view) => mutes(view, others.owner)),
  commit("lift a member's mute", "muteUser", (view) => lifts(view, "muted")),
];

/** What a user of this room is told who tries it; undefined where there is nothing to be tried. */
export function judge(act: Act, view: RoomView, user: UserUri): Verdict | undefined {
  const present = isParticipant(view, user);
  if (act.by === (present ? "outsiders" : "participants")) return undefined;
  switch (act.kind) {
    case "commit": {
      const change = act.change(view, user);
      if (change !== nothing && isEmpty(view, change)) return undefined;
      return authorize(view, { kind: "member", user }, change);
    }
    case "asked":
      return act.judge(view, user);
  }
}

function isEmpty(view: RoomView, { added, removed, stateAfter, pendingRemovals }: RoomChange) {
  const touched = added.length + removed.length + pendingRemovals.length;
  const same = stateAfter === undefined || isDeepStrictEqual(stateAfter, view.state);
  return touched === 0 && same;
}
