import { ACCOUNT_EVENTS } from "@treehouse/protocol";
import type { Tx } from "../../platform/index.ts";
import type { AuthenticationContext } from "../context.ts";

/**
 * Tells all clients of a user that the client list has a newer version. What it says they ask for
 * themselves, and believe the user's signature alone.
 */
export async function tellClients(
  { neighbours, store }: AuthenticationContext,
  tx: Tx,
  name: string,
  acceptedAt: number,
): Promise<void> {
  const { inboxes } = neighbours.current;
  const event = { acceptedAt, name: ACCOUNT_EVENTS.clientsChanged, data: new Uint8Array(0) };
  for (const { client } of await store.clientsOf(tx, name)) {
    await inboxes.deliverAccountEvent(tx, { ...event, client });
  }
}
