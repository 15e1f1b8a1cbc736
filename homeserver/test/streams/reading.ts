import { Refusal, utf8Decode } from "@treehouse/protocol";
import type { EntriesPage, StreamUri } from "@treehouse/protocol";
import type { Database } from "../../src/platform/index.ts";
import type { Device } from "./stream-client.ts";

export function decodeText(bytes: Uint8Array): string {
  return utf8Decode(bytes);
}

/** The page; a refusal fails the test. */
export async function pageOf(
  device: Device,
  stream: StreamUri,
  query: { readonly after: number; readonly limit: number },
): Promise<EntriesPage> {
  const page = await device.entries(stream, query);
  if (page instanceof Refusal) throw page;
  return page;
}

export function lines(page: EntriesPage): readonly string[] {
  return page.entries.map(decodeText);
}

/** What is on disk of a stream. */
export function positionsLeft(database: Database, stream: StreamUri): Promise<readonly unknown[]> {
  return database.read((tx) =>
    database
      .sql(tx)
      .$client.prepare(
        `SELECT position FROM queuing_entries JOIN queuing_streams s ON s.id = stream
         WHERE s.name = ? ORDER BY position`,
      )
      .pluck()
      .all(stream),
  );
}
