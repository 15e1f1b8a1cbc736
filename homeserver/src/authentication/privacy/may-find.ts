import { nameOf } from "@treehouse/protocol";
import type { UserUri } from "@treehouse/protocol";
import type { Acquaintance, ReadTx } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";

/**
 * Whether a user of this server may be found by somebody, or by a server: the latter speaks for its
 * users, and checks who comes into its rooms. The same is read in every case, also where there is no
 * such user, so that the time tells nothing.
 */
export async function mayFind(
  { contacts, neighbours, privacy }: AuthenticationContext,
  tx: ReadTx,
  target: UserUri,
  who: Acquaintance,
): Promise<boolean> {
  const { rooms, keyPackages } = neighbours.current;
  const owner = nameOf(target);
  const { findable } = await privacy.of(tx, owner);
  const ties = [
    who.kind === "user" && who.user === target,
    await contacts.knows(tx, owner, who),
    await rooms.shares(tx, target, who),
    await keyPackages.wasHandedTo(tx, target, who),
  ];
  return findable === "everybody" || ties.includes(true);
}
