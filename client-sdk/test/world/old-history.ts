import { randomBytes } from "node:crypto";

import {
  mintClientUri,
  mintRoomUri,
  parseDomain,
  userOfClient,
  userUri,
} from "@treehouse/protocol";

import { composeText, describer, readContent } from "../../src/messages/index.ts";
import { type MessageRow, openLocalStore } from "../../src/storage/index.ts";
import { openNodeStore } from "../../src/storage-sqlite/index.ts";
import type { TestServer } from "./server.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const domain = parseDomain("localhost");
const nobody = () => () => undefined;
const twoYearsMs = 2 * 365 * 24 * 60 * 60 * 1000;

/**
 * Puts an old conversation into the store of a client that is closed, as if it had been received: so
 * many messages, from two years ago until a day ago, of somebody who is gone.
 */
export async function writeOldHistory(
  server: TestServer,
  name: string,
  texts: readonly string[],
  now = Date.now(),
): Promise<string> {
  const { database, key } = await openNodeStore(server.path(name), undefined, random);
  const store = await openLocalStore(database, key, random, describer);
  const sender = mintClientUri(userUri(domain, "eve"), random);
  const room = mintRoomUri(domain, random);
  const place = { room, sender: userOfClient(sender), random };
  const step = (twoYearsMs - 24 * 60 * 60 * 1000) / texts.length;
  for (let at = 0; at < texts.length; at += 1000) {
    const rows = texts.slice(at, at + 1000).map((text, index): Omit<MessageRow, "serial"> => {
      const position = at + index + 1;
      const acceptedAt = Math.floor(now - twoYearsMs + position * step);
      const { content } = composeText(place, { text });
      const takers = { profile: nobody, status: nobody, grant: nobody };
      const read = readContent({ room, sender, plaintext: content, acceptedAt }, takers);
      const { messageId, body } = read;
      return { room, position, acceptedAt, messageId, kind: "content", body };
    });
    await store.transaction((tx) => {
      tx.history.noteRoom({ room, template: "group", name: "Old times" });
      for (const row of rows) tx.messages.append(row, true);
    });
  }
  await store.close();
  return room;
}
