import {
  areEndorsed,
  compareClaims,
  Refusal,
  type RoomState,
  userOfClient,
} from "@treehouse/protocol";

import type { GroupsContext } from "../room/index.ts";
import type { FormerGroup } from "../rejoining/index.ts";
import { type KnownOwners } from "./known-owners.ts";

/**
 * FED-1132: whether another group that is said to follow the same one as this client's counts before it: by
 * its place, and by the word of the owners of that one. Refuses `invalidMessage`.
 */
export function checkRival(
  { member: { crypto } }: Pick<GroupsContext, "member">,
  { view }: FormerGroup,
  { predecessor }: RoomState,
  owners: KnownOwners | undefined,
): void {
  const own = view.state.predecessor?.claim;
  if (own === undefined || predecessor === undefined) throw notOurs();
  const { claim, endorsements } = predecessor;
  if (owners?.group !== claim.previous || compareClaims(claim, own) <= 0) throw notOurs();
  const verify = crypto.verify.bind(crypto);
  const agreed = new Set(endorsements.map(({ client }) => userOfClient(client)));
  const isEndorsed = areEndorsed(predecessor, (client) => owners.keys.get(client), verify);
  if (!isEndorsed || agreed.size < owners.needed) throw notOurs();
}

function notOurs(): Refusal {
  return new Refusal("invalidMessage", "another group counts that follows the same one");
}
