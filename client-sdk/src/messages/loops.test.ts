import { randomBytes } from "node:crypto";

import { mintClientUri, mintRoomUri, parseDomain, userUri } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { type ClientEvents, createEvents } from "../events/index.ts";
import { openLocalStore } from "../storage/index.ts";
import { openInMemory } from "../storage-wasm/index.ts";
import { composeText, createReader, Loops, type Message, unhandledMessages } from "./index.ts";
import type { MessagesOptions } from "./index.ts";

const random = (length: number) => new Uint8Array(randomBytes(length));
const domain = parseDomain("example.org");
const user = userUri(domain, "bob");
const sender = mintClientUri(user, random);
const rooms = [mintRoomUri(domain, random), mintRoomUri(domain, random)] as const;
const taken = () => () => undefined;

/** A store into which messages come, and loops over it. */
async function openInbox() {
  const store = await openLocalStore(await openInMemory(), random(32), random);
  const events = createEvents<ClientEvents>();
  const life = new AbortController();
  const expiry = { purge: () => Promise.resolve(), isOver: () => false };
  const looped = { store, events, expiry, loops: new Loops(), life: life.signal };
  const reader = createReader({ profile: taken, status: taken, grant: taken });
  let position = 0;
  return {
    store,
    async receive(text: string, room = rooms[0]) {
      position += 1;
      const { content } = composeText({ room, sender: user, random }, { text });
      const read = reader.read({ room, sender, plaintext: content, acceptedAt: 1 });
      const row = { ...read, room, position, kind: "content", acceptedAt: 1 } as const;
      await store.transaction((tx) => tx.messages.append(row, false));
      events.emit("stored", { room });
    },
    loop: (options: MessagesOptions = {}) => unhandledMessages(looped, options),
    unhandled: () => store.transaction((tx) => tx.messages.unhandled(0, 100).length),
    close() {
      life.abort();
      return store.close();
    },
  };
}

const textOf = ({ value }: IteratorResult<Message, void>) => value?.text;

test("two loops get every message each, and it is handled once both have dealt with it", async () => {
  const inbox = await openInbox();
  const [quick, slow] = [inbox.loop(), inbox.loop()];
  await inbox.receive("one");
  expect(textOf(await slow.next())).toBe("one");
  expect(textOf(await quick.next())).toBe("one");
  await inbox.receive("two");
  expect(textOf(await quick.next())).toBe("two");
  // The slow one has not come back yet.
  expect(await inbox.unhandled()).toBe(2);
  expect(textOf(await slow.next())).toBe("two");
  expect(await inbox.unhandled()).toBe(1);
  await quick.return?.();
  await slow.return?.();
  expect(await inbox.unhandled()).toBe(1);
  await inbox.close();
});

test("a loop that ended holds up nothing, and one for other conversations neither", async () => {
  const inbox = await openInbox();
  const other = inbox.loop({ conversations: [rooms[1]] });
  await inbox.receive("for the other", rooms[1]);
  expect(textOf(await other.next())).toBe("for the other");
  const [all, stuck] = [inbox.loop(), inbox.loop()];
  expect(textOf(await stuck.next())).toBe("for the other");
  await inbox.receive("one");
  expect(textOf(await all.next())).toBe("for the other");
  expect(textOf(await all.next())).toBe("one");
  const waiting = all.next();
  expect(await inbox.unhandled()).toBe(2);
  await stuck.return?.();
  expect(await inbox.unhandled()).toBe(1);
  await other.return?.();
  expect(await inbox.unhandled()).toBe(0);
  // Whoever goes while it waits need not wait for another message.
  await all.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  await inbox.close();
});
