import { equalBytes, formatAddress, Refusal, type UserUri } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import type { GroupsContext, KnownUser } from "../room/index.ts";
import type { HeardKnock } from "./knocks.ts";

/**
 * What this client knows of the identity key under which somebody knocks. `unknown`: it has seen none of
 * this user. `known`: the pinned one; `verified`: it was compared as well. `changed`: another one than
 * the pinned.
 */
export type KnockerIdentity = "unknown" | "known" | "verified" | "changed";

export function identityOfKnocker(
  tx: LocalTx,
  { user, identityKey }: Pick<HeardKnock, "user" | "identityKey">,
): KnockerIdentity {
  const pinned = tx.contacts.get(user);
  if (pinned === undefined) return "unknown";
  if (!equalBytes(pinned.identityKey, identityKey)) return "changed";
  return pinned.verifiedAt === undefined ? "known" : "verified";
}

/**
 * Of those who have knocked in one user's name, who is that user: the hub may have made the identity of
 * a knock itself, so that it must be the one that the user's own server shows and this client has pinned.
 * Where that server cannot be asked, the pinned key alone decides. Refuses `identityInvalid`.
 */
export async function knockerOf(
  context: GroupsContext,
  user: UserUri,
  knocks: readonly HeardKnock[],
): Promise<HeardKnock> {
  const shown = await shownOf(context, user, knocks);
  const found =
    shown === undefined
      ? await pinnedOf(context, knocks)
      : knocks.find((knock) => isListed(knock, shown));
  if (found !== undefined) return found;
  const address = formatAddress(user);
  const text = `${address} is not who has knocked in that name: the knock is of another identity key`;
  context.events.emit("identityAlarm", { user, address, kind: "clientUnlisted", text });
  throw new Refusal("identityInvalid", text);
}

/** Undefined when the user's server does not answer and somebody of the pinned key has knocked. */
async function shownOf(
  context: GroupsContext,
  user: UserUri,
  knocks: readonly HeardKnock[],
): Promise<KnownUser | undefined> {
  try {
    const shown = await context.people.lookUp(user);
    const isOld = !knocks.some((knock) => isListed(knock, shown));
    return isOld ? await context.people.lookUp(user, { fresh: true }) : shown;
  } catch (error) {
    const isAway = !(error instanceof Refusal) || error.code === "peerUnreachable";
    if (isAway && (await pinnedOf(context, knocks)) !== undefined) return undefined;
    throw error;
  }
}

function isListed(knock: HeardKnock, { identityKey, number, clients }: KnownUser): boolean {
  const listed = clients.find(({ client }) => client === knock.client);
  return (
    listed !== undefined &&
    equalBytes(knock.identityKey, identityKey) &&
    equalBytes(knock.signatureKey, listed.signatureKey) &&
    knock.number >= number
  );
}

function pinnedOf(
  { store }: GroupsContext,
  knocks: readonly HeardKnock[],
): Promise<HeardKnock | undefined> {
  return store.transaction((tx) =>
    knocks.find((knock) => ["known", "verified"].includes(identityOfKnocker(tx, knock))),
  );
}
