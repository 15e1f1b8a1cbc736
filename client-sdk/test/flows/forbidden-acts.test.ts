import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { crowd } from "../world/crowd.ts";
import { type Act, acts } from "../world/forbidden-acts.ts";
import {
  type ForgedUpload,
  forgeUpload,
  strangersKeyPackages,
  submitted,
} from "../world/forge-upload.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { founded } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
/** In which Mallory is a member, or an admin. */
const rooms = new Map<Act["as"], Conversation>();
const uploads = new Map<Act, ForgedUpload>();

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  const bob = await server.register("bob");
  const mallory = await server.register("mallory");
  await (await server.register("eve")).close();
  for (const role of [undefined, "admin"] as const) {
    const [room] = await founded(alice, "honest", [bob, mallory]);
    if (room === undefined) throw new Error("no room");
    if (role !== undefined) await room.setRole([mallory.me.address], role);
    rooms.set(role, room);
  }
  await mallory.caughtUp();
  await Promise.all([bob.close(), mallory.close()]);
  const keyPackages = await strangersKeyPackages(server.path("eve"));
  for (const act of acts) {
    const wish = (inside: Parameters<Act["wish"]>[0]) => act.wish(inside, keyPackages);
    uploads.set(act, await forgeUpload(server.path("mallory"), roomFor(act).id, wish));
  }
}, 60_000);

afterAll(async () => {
  await alice.close();
  await server[Symbol.asyncDispose]();
});

function roomFor({ as }: Pick<Act, "as">): Conversation {
  const room = rooms.get(as);
  if (room === undefined) throw new Error("no room");
  return room;
}

test.each(acts)("T-16 an honest hub refuses a member who $name", async (act) => {
  const room = roomFor(act);
  const { epoch } = await room.info();
  const upload = uploads.get(act);
  if (upload === undefined) throw new Error("nothing was forged");
  expect(upload.epoch).toBe(epoch);
  expect(await submitted(server.path("mallory"), room.id, upload)).toBe(act.code ?? "notAllowed");
  expect((await room.info()).epoch).toBe(epoch);
});

test("FED-745 nobody lets in a program without the room's rules, which rise to what all know", async () => {
  const [old] = await crowd(server, { prefix: "old", count: 1, passwords: false, rulesKnown: 0 });
  const { address = "" } = old ?? {};
  const room = roomFor({ as: "admin" });
  const { epoch } = await room.info();
  const message = `the program of ${address} does not know the rules of this conversation`;
  const code = "versionUnsupported";
  await expect(room.add([address])).rejects.toMatchObject({ code, message });
  await expect(room.raiseRules(2)).rejects.toMatchObject({ code });
  expect(await room.policy()).toMatchObject({ rulesVersion: 1, floor: 1, rulesKnown: 1 });
  expect((await room.info()).epoch).toBe(epoch);
});
