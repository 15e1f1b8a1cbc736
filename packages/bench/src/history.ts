import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client } from "@treehouse/client-sdk";
import { createHomeserver, createNodeEnv, defaultConfig } from "@treehouse/homeserver";
import {
  mintClientUri,
  mintRoomUri,
  parseDomain,
  type RoomUri,
  userUri,
} from "@treehouse/protocol";

import { composeText, createReader, describer } from "../../../client-sdk/src/messages/index.ts";
import { openLocalStore } from "../../../client-sdk/src/storage/index.ts";
import { openNodeStore } from "../../../client-sdk/src/storage-sqlite/index.ts";
import { type Measurement, percentile } from "./report.ts";
import { createTexts } from "./texts.ts";
import { random } from "./world/people.ts";

const account = "alice@localhost";
const password = "correct horse battery staple";
const pageItems = 50;
const pauseMs = 10 * 60_000;
const sliceMessages = 500;
/** So many of them are written into an archive and taken in. */
const movedMax = 10_000;

/**
 * A client with a long history: from opening its store to the first page of a conversation, and how fast
 * an archive of it is written and taken in.
 */
export async function benchHistory(
  options: { readonly messages: number; readonly repeats: number },
  report: (measurement: Measurement) => void,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "treehouse-bench-"));
  try {
    const [full, empty] = [join(directory, "full.sqlite"), join(directory, "empty.sqlite")];
    await makeClients(directory, [full, empty]);
    const room = await fill(full, options.messages);
    const open = (store: string) => Client.open({ account, store, offline: true });
    const times = {
      open: new Array<number>(),
      list: new Array<number>(),
      around: new Array<number>(),
    };
    for (let repeat = 0; repeat < options.repeats; repeat += 1) {
      const start = performance.now();
      await using client = await open(full);
      const conversation = await client.conversations.get(room);
      const page = await conversation.history({ limit: pageItems });
      times.open.push(performance.now() - start);
      if (page.length !== pageItems) throw new Error("a page that is too short");
      times.list.push(await timed(() => client.conversations.list()));
      const around = 1 + Math.floor((options.messages * (repeat + 1)) / (options.repeats + 1));
      times.around.push(await timed(() => conversation.history({ around, limit: pageItems })));
    }
    await using from = await open(full);
    const pieces: Uint8Array[] = [];
    const moved = Math.min(options.messages, movedMax);
    const since = Date.now() - moved * pauseMs;
    const archiveMs = await timed(async () => {
      for await (const piece of from.history.archive({ since })) pieces.push(piece);
    });
    await using into = await open(empty);
    const importMs = await timed(() => into.history.import(pieces));
    report({
      name: "history",
      parameters: { ...options, pageItems },
      figures: {
        firstPageP50Ms: percentile(times.open, 0.5),
        firstPageP95Ms: percentile(times.open, 0.95),
        listP50Ms: percentile(times.list, 0.5),
        aroundP50Ms: percentile(times.around, 0.5),
        archivePerSecond: moved / (archiveMs / 1000),
        importPerSecond: moved / (importMs / 1000),
      },
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function makeClients(directory: string, stores: readonly string[]): Promise<void> {
  const base = defaultConfig();
  await using server = await createHomeserver({
    config: {
      ...base,
      server: { ...base.server, domain: parseDomain("localhost"), port: 0 },
      storage: { ...base.storage, directory: join(directory, "data") },
      metrics: { ...base.metrics, enabled: false },
      registration: { ...base.registration, mode: "open" as const },
    },
    env: createNodeEnv({ log: { level: "error" } }),
  });
  let register: { readonly register: object } | { readonly login: true } = { register: {} };
  for (const store of stores) {
    const client = await Client.open({ account, password, server: server.url, store, ...register });
    await client.caughtUp();
    await client.close();
    register = { login: true };
  }
}

/** One long conversation, as if it had been received. */
async function fill(path: string, messages: number): Promise<RoomUri> {
  const { database, key } = await openNodeStore(path, undefined, random);
  const store = await openLocalStore(database, key, random, describer);
  const domain = parseDomain("localhost");
  const room = mintRoomUri(domain, random);
  const sender = userUri(domain, "bob");
  const client = mintClientUri(sender, random);
  const nobody = () => () => undefined;
  const reader = createReader({ profile: nobody, status: nobody, grant: nobody });
  const texts = createTexts(1);
  const begin = Date.now() - (messages + 1) * pauseMs;
  for (let first = 1; first <= messages; first += sliceMessages) {
    await store.transaction((tx) => {
      tx.history.noteRoom({ room, template: "group", name: "Long" });
      for (let position = first; position < Math.min(messages + 1, first + sliceMessages);) {
        const acceptedAt = begin + position * pauseMs;
        const { content } = composeText({ room, sender, random }, { text: texts.text(12) });
        const read = reader.read({ room, sender: client, plaintext: content, acceptedAt });
        const { messageId, body } = read;
        const row = { room, position, messageId, kind: "content", acceptedAt, body } as const;
        tx.messages.append({ ...row, counts: 1 }, true);
        position += 1;
      }
    });
  }
  await store.close();
  return room;
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
