import { decodeEntry } from "@treehouse/protocol";
import type { ClientUri, Entry, RoomUri } from "@treehouse/protocol";
import type { Homeserver } from "../../src/index.ts";

/** All entries of a room that a client may read, as the server keeps them. */
export async function roomLog(
  { queuing }: Homeserver,
  client: ClientUri,
  room: RoomUri,
): Promise<readonly Entry[]> {
  const reader = await queuing.attach(client);
  const entries: Entry[] = [];
  let from = 0;
  for (;;) {
    const { items, through } = await reader.page(room, from);
    for (const item of items) {
      if (item.kind === "entry") entries.push(decodeEntry(new Uint8Array(item.bytes)));
    }
    if (through === from) break;
    from = through;
  }
  reader.detach();
  return entries;
}
