import {
  type ClientUri,
  leafLifetimeOf,
  Refusal,
  type RoomUri,
  userOfClient,
} from "@treehouse/protocol";
import type { ReadTx } from "../../platform/index.ts";
import type { DeliveryContext } from "../context.ts";
import { removeClients } from "./leave.ts";
import type { HostedRoom } from "../room/index.ts";

export const unseenIntervalMs = 6 * 3_600_000;
const roomsPerStep = 100;
const dayMs = 24 * 3_600_000;

/**
 * Proposes the removal of this server's clients that have not been there for longer than their room
 * waits for them (FED-1152). Of clients of other servers those servers say so (FED-1153).
 */
export async function settleUnseen(
  context: DeliveryContext,
  isUnsettled: (room: RoomUri) => boolean,
): Promise<void> {
  const { database, store } = context;
  let after: RoomUri | undefined;
  for (;;) {
    const last = after;
    const page = await database.read((tx) => store.roomsThatWait(tx, last, roomsPerStep));
    for (const room of page) if (!isUnsettled(room)) await removeUnseen(context, room);
    after = page.at(-1);
    if (after === undefined) return;
  }
}

async function removeUnseen(context: DeliveryContext, room: RoomUri): Promise<void> {
  try {
    const hosted = await context.rooms.get(room);
    const unseen = await context.database.read((tx) => unseenIn(context, tx, hosted));
    if (unseen.length > 0) await removeClients(context, unseen, room);
  } catch (error) {
    // A room that has ended meanwhile.
    if (!(error instanceof Refusal) || error.code === "unavailable") throw error;
  }
}

async function unseenIn(
  { accounts, env }: DeliveryContext,
  tx: ReadTx,
  { group, removals, view }: HostedRoom,
) {
  const days = leafLifetimeOf(view.state);
  if (days === undefined) return [];
  const staying = group.roster.filter(({ leaf }) => !removals.has(leaf));
  return unseenAmong({ accounts, env }, tx, staying, days);
}

/** The clients of this server that have not been there for so many days. */
export async function unseenAmong(
  { accounts, env }: Pick<DeliveryContext, "accounts" | "env">,
  tx: ReadTx,
  roster: readonly { readonly client: ClientUri }[],
  days: number,
): Promise<readonly ClientUri[]> {
  const unseen = [];
  for (const { client } of roster) {
    if (!accounts.isLocal(userOfClient(client))) continue;
    const seenAt = await accounts.lastSeen(tx, client);
    if (seenAt !== undefined && seenAt + days * dayMs <= env.now()) unseen.push(client);
  }
  return unseen;
}
