import {
  type Bytes,
  chainHashOf,
  type ClientFrame,
  decodeEntry,
  encodeEntry,
  type Entry,
  peekMlsMessage,
  type ServerFrame,
  updateRequestCodec,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { openTampered, type Tampering } from "../world/tampered.ts";
import { joinedBy, next, reads, textsIn } from "../world/waiting.ts";

let server: TestServer;
let bob: Client;

beforeAll(async () => {
  server = await startServer();
  await (await server.register("alice")).close();
  bob = await server.register("bob");
  await bob.caughtUp();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/**
 * A hub that forks: it takes a commit of this client for itself alone, and tells it of nothing that
 * the others do but their messages, in a log of its own making.
 */
function forkingHub(room: string) {
  let at: { position: number; previous: Bytes; header: Entry } | undefined;
  let branch: { position: number; hash: Bytes } | undefined;
  const frame = (one: ServerFrame): readonly ServerFrame[] => {
    if (one.type !== "entry") return [one];
    const entry = decodeEntry(one.entry);
    if (entry.room !== room) return [one];
    const hash = chainHashOf(entry, one.entry);
    if (branch === undefined) {
      at = { position: entry.position, previous: hash, header: entry };
      return [one];
    }
    if (entry.kind !== "application") return [];
    const { position, hash: previous } = branch;
    const forged = encodeEntry({ ...entry, position: position + 1, previous });
    branch = { position: position + 1, hash: chainHashOf(decodeEntry(forged), forged) };
    return [{ type: "entry", entry: forged }];
  };
  const answer = (one: ClientFrame): ServerFrame | undefined => {
    if (one.type !== "update" || at === undefined || branch !== undefined) return undefined;
    const update = updateRequestCodec.decode(one.request);
    if (update.kind !== "commit") return undefined;
    const framing = peekMlsMessage(update.commit);
    if (framing.wireFormat !== "public") return undefined;
    const { position, previous, header } = at;
    const forged = encodeEntry({
      ...header,
      kind: "commit",
      position: position + 1,
      previous,
      epoch: framing.epoch,
      leafChanges: [],
      rosterHash: new Uint8Array(32),
      commit: update.commit,
      externalProposals: [],
    });
    branch = { position: position + 1, hash: chainHashOf(decodeEntry(forged), forged) };
    return { type: "entry", entry: forged };
  };
  return { frame, answer, isForked: () => branch !== undefined };
}

test("T-15 FED-1108 a hub that forks a room is noticed by the first message that crosses it", async () => {
  let hub: ReturnType<typeof forkingHub> | undefined;
  const tampering: Tampering = {
    frame: (frame) => hub?.frame(frame) ?? [frame],
    answer: (frame) => hub?.answer(frame),
  };
  const client = await openTampered(server, "alice", tampering);
  await client.caughtUp();
  const room = await client.conversations.create({ members: ["bob@localhost"] });
  hub = forkingHub(room.id);
  const theirs = await joinedBy(bob, room.id);
  await theirs.send("while all is well");
  await reads(client, room.id, "while all is well");
  // This one is told that its commit was taken; the others never hear of it, and go on.
  await room.setHistoryDays(3);
  expect(hub.isForked()).toBe(true);
  await theirs.rejoin();
  const told = next(client, "health", ({ room: at }) => at === room.id);
  const fault = next(client, "fault", ({ code }) => code === "forkSuspected");
  await theirs.send("on the other branch");
  expect(await told).toMatchObject({ state: "forkSuspected" });
  await fault;
  expect(await textsIn(room)).toEqual(["while all is well"]);
  expect((await room.info()).health).toEqual({ state: "forkSuspected" });
});
