import { userOfClient } from "@treehouse/protocol";
import type { ClientUri, TombstoneEntry } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { FollowedContext } from "./context.ts";
import type { TouchedRoom } from "./prepare.ts";

/**
 * The room goes on with another group, in which one client is alone at first (FED-1134): all others here
 * get this entry, and nothing more until they have come back.
 */
export async function followGeneration(
  { store, accounts, roomLog }: Pick<FollowedContext, "store" | "accounts" | "roomLog">,
  tx: Tx,
  touched: TouchedRoom,
  begun: {
    readonly entry: TombstoneEntry;
    readonly founder: ClientUri;
    readonly groupInfo: Uint8Array<ArrayBuffer> | undefined;
  },
): Promise<void> {
  const { room } = touched;
  const { entry, founder, groupInfo } = begun;
  const { generation, position } = entry;
  for (const { client } of await store.followedRoster(tx, room.id)) {
    if (client === founder || !accounts.isLocal(userOfClient(client))) continue;
    await roomLog.unsubscribe(tx, { client, room: room.room, upTo: position });
  }
  await store.forgetFollowedMembers(tx, room.id);
  if (accounts.isLocal(userOfClient(founder))) {
    await store.replaceFollowedRoster(tx, room.id, [{ leaf: 0, client: founder }]);
  }
  // What the room says is kept even where nobody is left in it: who may come back is in it.
  if (groupInfo !== undefined) await store.keepFollowedGroupInfo(tx, room.id, groupInfo);
  await store.changeGeneration(tx, room.id, generation);
  touched.room = { ...room, generation };
  touched.newest = undefined;
}
