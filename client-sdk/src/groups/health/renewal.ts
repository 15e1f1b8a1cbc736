import { type Bytes, equalBytes, u64 } from "@treehouse/protocol";

import type { LocalTx } from "../../storage/index.ts";
import type { GroupsContext, Room } from "../room/index.ts";

/** Body of an intent `commit` that ends this epoch even where nothing is due. */
function renewalOf(epoch: number): Bytes {
  return u64.encode(epoch);
}

export function isRenewalOf(body: Bytes, epoch: number): boolean {
  return equalBytes(body, renewalOf(epoch));
}

/** Wishes for it, or has the commit that is wished for already do it. Answers the wish's serial. */
export function wishRenewal(
  { env }: Pick<GroupsContext, "env">,
  tx: LocalTx,
  { uri }: Room,
  epoch: number,
): number {
  const body = renewalOf(epoch);
  const known = tx.intents.oldest(uri, "commit");
  if (known === undefined) {
    return tx.intents.add({ room: uri, kind: "commit", createdAt: env.now(), body });
  }
  if (known.status === "waiting") tx.intents.setBody(known.serial, body);
  return known.serial;
}
