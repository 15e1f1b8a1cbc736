import type { NamedHub } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { FollowedContext } from "./context.ts";
import type { TouchedRoom } from "./prepare.ts";

/**
 * The hub of a room has closed its log in favour of another one, which is followed from here on
 * (FED-1125): by its key, in its term, and nobody else's. What it has sent already was refused, so
 * it is asked for; that it is this server is seen to after the transaction.
 */
export async function followNewHub(
  { store, domain }: Pick<FollowedContext, "store" | "domain">,
  tx: Tx,
  touched: TouchedRoom,
  named: NamedHub,
): Promise<void> {
  const { room, head } = touched;
  const { hub, term } = named;
  const hubKey = named.hubKey.slice();
  await store.changeFollowedHub(tx, room.id, { hub, hubKey });
  touched.room = { ...room, hub, hubKey, signedHead: undefined };
  const seen = hub === domain ? head.position : head.position + 1;
  touched.head = { ...head, term, seen };
  touched.newest = undefined;
  touched.signedHead = undefined;
  touched.moved = true;
}
