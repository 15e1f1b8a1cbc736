import { parseRoomUri } from "@treehouse/protocol";
import Database from "better-sqlite3";
import type { Client } from "../../../client-sdk/src/node.ts";
import { until } from "../../../client-sdk/test/world/waiting.ts";
import type { ServerProcess } from "./server.ts";

/** A conversation of the first one with all others, once they are in it. */
export async function gather(people: readonly Client[], name: string): Promise<string> {
  const [founder, ...others] = people;
  if (founder === undefined) throw new Error("nobody");
  const members = others.map(({ me }) => me.address);
  const { id } = await founder.conversations.create({ name, members });
  for (const other of others) await joined(other, id);
  return id;
}

/** Resolves once the client is in the conversation. */
export async function joined(client: Client, id: string): Promise<void> {
  await until(client, async () => {
    const known = await client.conversations.list();
    return known.some((one) => one.id === id && one.status === "joined");
  });
}

export type Kept = { readonly position: number; readonly id: string; readonly text: string };

/** The messages of a conversation as a client has them, in its order. */
export async function keptBy(client: Client, id: string): Promise<readonly Kept[]> {
  const items = await (await client.conversations.get(id)).history({ limit: 100_000 });
  return items.flatMap((item) =>
    item.kind === "message" ? [{ position: item.position, id: item.id, text: item.text }] : [],
  );
}

/** Everything that the client could not read or did not like. */
export async function faultsOf(client: Client, id: string): Promise<readonly string[]> {
  const items = await (await client.conversations.get(id)).history({ limit: 100_000 });
  return items.flatMap((item) => (item.kind === "fault" ? [`${item.code} ${item.text}`] : []));
}

/**
 * Resolves once the client has so many messages of the conversation. All of them are read again only
 * when half of what was missing has come: ten thousand would otherwise be read ten thousand times.
 */
export async function has(client: Client, id: string, count: number): Promise<void> {
  let [missing, come] = [0, 0];
  const stop = client.on("stored", ({ room }) => {
    if (room === id) come += 1;
  });
  await until(client, async () => {
    if (2 * come < missing) return false;
    come = 0;
    missing = count - (await keptBy(client, id)).length;
    return missing <= 0;
  }).finally(stop);
}

/** The log of a room as a server has stored it, octet for octet, read beside the server. */
export function storedLog(
  server: Pick<ServerProcess, "databasePath">,
  room: string,
): ReadonlyMap<number, string> {
  const database = new Database(server.databasePath, { readonly: true });
  try {
    const rows = database
      .prepare<[string], { position: number; bytes: Buffer }>(
        `SELECT entries.position, entries.bytes FROM queuing_entries AS entries
         JOIN queuing_streams AS streams ON streams.id = entries.stream
         WHERE streams.name = ? ORDER BY entries.position`,
      )
      .all(parseRoomUri(room));
    return new Map(rows.map(({ position, bytes }) => [position, bytes.toString("base64")]));
  } finally {
    database.close();
  }
}
