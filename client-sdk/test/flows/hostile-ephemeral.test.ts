import { decodeEntry, encodeEntry, type ServerFrame } from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { password, startServer, type TestServer } from "../world/server.ts";
import { openTampered, type Tampering } from "../world/tampered.ts";
import { heard, joinedBy, next, persist, reads } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let number = 0;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  await alice.presence.active();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Somebody with a world of their own, a contact of Alice with whom she has a conversation. */
async function friend(tampering: Tampering) {
  number += 1;
  const client = await openTampered(server, `friend-${number}`, tampering, {
    password,
    register: {},
  });
  await client.caughtUp();
  await befriend(client, alice);
  const room = await alice.conversations.dm(client.me.address);
  await joinedBy(client, room.id);
  return { client, room };
}

/** Says that one writes, whenever it was said last. */
async function type(conversation: Conversation): Promise<void> {
  await conversation.typing(false);
  await conversation.typing();
}

const isPassing = (frame: ServerFrame): frame is ServerFrame & { readonly type: "entry" } =>
  frame.type === "entry" && decodeEntry(frame.entry).ephemeral;

test("R-050 who has a clock that is wrong by minutes is heard all the same, and hears", async () => {
  const { client, room } = await friend({ clockMs: 3 * 60_000 });
  const there = await client.conversations.get(room.id);
  const atAlice = next(alice, "typing", ({ room: id, on }) => id === room.id && on);
  expect((await persist(atAlice, () => type(there))).address).toBe(client.me.address);
  const atClient = next(client, "typing", ({ room: id, on }) => id === room.id && on);
  expect((await persist(atClient, () => type(room))).address).toBe(alice.me.address);
});

test("R-038 T-14 what a server plays again, or alters, changes nothing and is no fault", async () => {
  const passed: ServerFrame[] = [];
  let plays = false;
  const { client, room } = await friend({
    frame(frame) {
      if (isPassing(frame)) passed.push(frame);
      if (!plays || frame.type !== "entry" || isPassing(frame)) return [frame];
      plays = false;
      return [...passed.flatMap((each) => [each, ...altered(each)]), frame];
    },
  });
  for (const activity of ["first", "second"]) {
    const seen = next(client, "presence", (told) => told.activity === activity);
    await persist(seen, () => alice.presence.set({ state: "dnd", activity }));
  }
  const [told, faults] = [heard(client, "presence"), heard(client, "fault")];
  plays = true;
  await room.send("after");
  await reads(client, room.id, "after");
  expect(passed.length).toBeGreaterThan(1);
  expect((await client.presence.of(alice.me.address)).activity).toBe("second");
  expect([told, faults]).toEqual([[], []]);
});

/** The same with another time of acceptance, cut short, and with octets changed. */
function altered(frame: ServerFrame): readonly ServerFrame[] {
  if (frame.type !== "entry") return [];
  const entry = decodeEntry(frame.entry);
  if (entry.kind !== "application") return [];
  const flipped = new Uint8Array(entry.message);
  flipped[flipped.length - 40] = (flipped[flipped.length - 40] ?? 0) ^ 1;
  const messages = [entry.message.slice(0, 60), flipped, new Uint8Array(1)];
  return [
    { ...frame, entry: encodeEntry({ ...entry, acceptedAt: entry.acceptedAt + 5_000 }) },
    ...messages.map((message) => ({ ...frame, entry: encodeEntry({ ...entry, message }) })),
  ];
}
