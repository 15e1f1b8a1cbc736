import type { CheckedCommit } from "@treehouse/mls/public";
import {
  type Actor,
  type JoinLink,
  linkOfCommit,
  Refusal,
  roleOf,
  roomView,
  userOfClient,
  type UserUri,
} from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { type HostedRoom, leavesOfUser } from "../room/index.ts";

type Judged = {
  /** Before the commit. */
  readonly hosted: HostedRoom;
  readonly checked: CheckedCommit;
  readonly at: number;
};

/** Who makes a commit, for the rules, with the join link of which it carries a ticket that holds. */
export function actorOf(
  { crypto }: Pick<DeliveryContext, "crypto">,
  { hosted, checked, at }: Judged,
): Exclude<Actor, { kind: "hub" }> {
  const { committer, group, external, authenticatedData } = checked;
  const user = userOfClient(committer.client);
  const link = linkOfCommit(
    authenticatedData,
    {
      group: hosted.group.group,
      epoch: hosted.group.epoch,
      client: committer.client,
      leafKey: group.signatureKeyOf(committer.leaf),
      identityKey: group.leafIdentityOf(committer.leaf).certificate.identityKey,
    },
    {
      state: hosted.view.state,
      at,
      verify: (key, message, signature) => crypto.verify(key, message, signature),
    },
  );
  if (!external) return { kind: "member", user, link };
  return { kind: "joiner", user, resync: leavesOfUser(hosted, user).length > 0, link };
}

/** A use of a join link by a commit that the rules allow. */
export type UsedLink = {
  readonly link: JoinLink;
  readonly user: UserUri;
  /** `came` from outside, or was in the room and took the link's role. */
  readonly how: "came" | "tookRole";
};

/** What the commit uses a link for; one that is only named uses it up as little as none. */
export function usedLinkOf(
  actor: Exclude<Actor, { kind: "hub" }>,
  before: HostedRoom,
  after: HostedRoom,
): UsedLink | undefined {
  const { link, user } = actor;
  if (link === undefined) return undefined;
  if (actor.kind === "joiner") return actor.resync ? undefined : { link, user, how: "came" };
  const { state } = after.view;
  const roster = after.group.roster;
  const raised = roleOf(roomView(state, roster), user) > roleOf(before.view, user);
  return raised ? { link, user, how: "tookRole" } : undefined;
}

/**
 * Counts a use, in the transaction that accepts its commit, and forgets the links that it revokes.
 * Refuses `linkUsedUp`.
 */
export async function countLinkUse(
  { store }: Pick<DeliveryContext, "store">,
  tx: Tx,
  {
    before,
    after,
    used,
  }: {
    readonly before: HostedRoom;
    readonly after: HostedRoom;
    readonly used: UsedLink | undefined;
  },
  position: number,
): Promise<void> {
  if (used !== undefined) await count(store, tx, after, used, position);
  const { joinLinks } = after.view.state;
  const kept = new Set(joinLinks.map(({ key }) => key.join()));
  if (before.view.state.joinLinks.every(({ key }) => kept.has(key.join()))) return;
  await store.keepLinkUses(
    tx,
    after.id,
    joinLinks.map(({ key }) => key),
  );
}

async function count(
  store: DeliveryContext["store"],
  tx: Tx,
  { id, view }: HostedRoom,
  { link, user, how }: UsedLink,
  position: number,
): Promise<void> {
  const { key, usesMax, role } = link;
  if (how === "tookRole" && (await store.takeOwedRole(tx, id, key, user))) return;
  if (usesMax !== undefined && (await store.countLinkUses(tx, id, key)) >= usesMax) {
    throw linkUsedUp();
  }
  const owed = how === "came" && role !== view.state.defaultRole;
  await store.addLinkUse(tx, id, { link: key, position, owedTo: owed ? user : undefined });
}

export function linkUsedUp(): Refusal {
  return new Refusal("linkUsedUp", "The join link has let in as many as it may.");
}
