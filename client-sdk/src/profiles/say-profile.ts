import {
  type Bytes,
  type Env,
  encodeContent,
  profileContent,
  type RoomUri,
  type UserUri,
} from "@treehouse/protocol";

import type { Groups, RoomInfo } from "../groups/index.ts";
import type { LocalStore, LocalTx } from "../storage/index.ts";
import { wordingIn } from "./kept-profiles.ts";
import { readOwnProfile, viewOf, wordingOf } from "./own-profile.ts";

export type SayingParts = {
  readonly store: LocalStore;
  readonly self: UserUri;
  readonly random: Env["random"];
  readonly groups: Pick<Groups, "info" | "send" | "speaks">;
};

/**
 * Says in a conversation what those in it may know of this user and have not been told. Resolves to
 * true once the hub has taken it or there is nothing to say, and to false where nothing can be said.
 * `onItsWay` holds what waits for the hub, so that nothing is said twice meanwhile.
 */
export async function sayProfile(
  parts: SayingParts,
  room: RoomUri,
  onItsWay: Map<RoomUri, string>,
): Promise<boolean> {
  const { groups, random, self, store } = parts;
  const begun = await store.transaction((tx) => ({
    status: tx.rooms.get(room)?.status,
    silent: wordingOf(readOwnProfile(tx)) === "" && (wordingIn(tx, room) ?? "") === "",
  }));
  if (begun.status !== "joined") return false;
  if (begun.silent) return true;
  if (!(await groups.speaks(room))) return false;
  const info = await groups.info(room);
  const others = info.members.map(({ user }) => user).filter((user) => user !== self);
  const content = await store.transaction((tx): Bytes | "shut" | undefined => {
    // Alone with somebody blocked: they are to learn nothing of this user.
    const shut = info.template === "direct" && others.some((user) => tx.relations.isBlocked(user));
    if (shut) return "shut";
    const view = viewOf(readOwnProfile(tx), audienceIn(tx, info, others));
    const wording = wordingOf(view);
    const said = onItsWay.get(room) ?? wordingIn(tx, room) ?? "";
    if (said === wording) return undefined;
    onItsWay.set(room, wording);
    const message = { profile: view, salt: random(16), senderUri: self, roomUri: room };
    return encodeContent(profileContent(message));
  });
  if (content === "shut") return false;
  if (content === undefined) return true;
  try {
    await groups.send(room, content);
    return true;
  } finally {
    onItsWay.delete(room);
  }
}

/** Contacts are told more, where nobody else hears it. */
function audienceIn(tx: LocalTx, info: RoomInfo, others: readonly UserUri[]): "rooms" | "contacts" {
  if (info.template !== "direct") return "rooms";
  const mutual = others.every((user) => tx.relations.get(user)?.state === "mutual");
  return mutual ? "contacts" : "rooms";
}
