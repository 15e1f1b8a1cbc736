/** A store that is put back as it was, after much has happened to its client's conversations. */
import { copyFileSync, existsSync, rmSync } from "node:fs";

import {
  decodeEntry,
  inboxEntryCodec,
  paths,
  Refusal,
  type ServerFrame,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import type { Client, Conversation } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { type RunningServer, startServer } from "../world/server.ts";
import { startServers } from "../world/servers.ts";
import { openTampered, refusedWith } from "../world/tampered.ts";
import { agreed, founded, heard, joinedBy, next, reads, textsIn, until } from "../world/waiting.ts";

const ends = ["", "-wal", "-shm", ".key"];

function copyStore(from: string, to: string): void {
  for (const end of ends) {
    rmSync(`${to}${end}`, { force: true });
    if (existsSync(`${from}${end}`)) copyFileSync(`${from}${end}`, `${to}${end}`);
  }
}

/** Whether this client is out of a conversation, and how; what was said before is still there. */
async function isOver(client: Client, { id }: Conversation, status: string): Promise<boolean> {
  return (await (await client.conversations.get(id)).info()).status === status;
}

/** A room of Alice's that Vera was removed from, and has read to that end; she is not there. */
async function removedFrom(server: RunningServer): Promise<Conversation> {
  const alice = await server.register("alice");
  const vera = await server.register("vera");
  const [room] = await founded(alice, "room", [vera]);
  if (room === undefined) throw new Error("no room");
  await room.remove([vera.me.address]);
  await until(vera, () => isOver(vera, room, "removed"));
  await vera.caughtUp();
  await vera.close();
  return room;
}

/** Opens Vera's store once more. Answers how to put it back to what it was before. */
async function outlived(server: RunningServer): Promise<() => void> {
  const backup = `${server.path("vera")}-backup`;
  copyStore(server.path("vera"), backup);
  const vera = await server.open("vera");
  await vera.caughtUp();
  await vera.close();
  return () => copyStore(backup, server.path("vera"));
}

test("R-019 FED-1111 a store that was put back returns to everything by itself, and says what is over", async () => {
  await using servers = await startServers("one.test", "two.test");
  const server = servers.at(0);
  await using alice = await server.register("alice");
  await using bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  let vera = await server.register("vera");
  await befriend(vera, bob);
  const { address } = vera.me;
  const room = async (name: string): Promise<Conversation> => {
    const made = await alice.conversations.create({ name, members: [address] });
    await joinedBy(vera, made.id);
    await made.send(`before ${name}`);
    await reads(vera, made.id, `before ${name}`);
    return made;
  };
  const chat = await room("chat");
  const changed = await room("changed");
  const shut = await room("shut");
  const ended = await room("ended");
  const reset = await room("reset");
  const moved = await room("moved");
  const left = await room("left");
  await moved.add([bob.me.address]);
  await joinedBy(bob, moved.id);
  await vera.caughtUp();
  await vera.close();
  const backup = `${server.path("vera")}-backup`;
  copyStore(server.path("vera"), backup);

  vera = await server.open("vera");
  await vera.caughtUp();
  const at = ({ id }: Conversation) => vera.conversations.get(id);
  await chat.send("meanwhile");
  await (await at(chat)).send("I was here");
  await changed.setRole([address], "admin");
  await changed.rename("changed twice");
  await until(vera, async () => (await (await at(changed)).info()).name === "changed twice");
  await (await at(changed)).setAbout({ topic: "by vera" });
  await shut.remove([address]);
  await ended.deleteForAll();
  await reset.reset();
  await reset.send("in the new group");
  await moved.handOver("two.test");
  await moved.send("from elsewhere");
  await (await at(left)).leave();
  await until(alice, async () => (await left.members()).length === 1);
  const late = await alice.conversations.create({ name: "late", members: [address] });
  await joinedBy(vera, late.id);
  await late.send("welcome");
  for (const [one, text] of [
    [reset, "in the new group"],
    [moved, "from elsewhere"],
    [late, "welcome"],
  ] as const) {
    await reads(vera, one.id, text);
  }
  await vera.caughtUp();
  await vera.close();

  copyStore(backup, server.path("vera"));
  vera = await server.open("vera");
  const faults = heard(vera, "fault");
  const over = heard(vera, "removed");
  const told = [
    next(vera, "deleted", (one) => one.room === ended.id),
    next(vera, "reset", (one) => one.room === reset.id),
    next(vera, "moved", (one) => one.room === moved.id),
  ];
  await vera.caughtUp();
  await Promise.all(told);
  await joinedBy(vera, late.id);
  await until(vera, () => isOver(vera, shut, "removed"));
  await until(vera, () => isOver(vera, ended, "deleted"));
  await until(vera, () => isOver(vera, left, "removed"));

  const goesOn = [chat, changed, reset, moved, late];
  for (const one of goesOn) {
    await (await at(one)).send(`back in ${one.id}`);
    await reads(alice, one.id, `back in ${one.id}`);
    await one.send("welcome back");
    await reads(vera, one.id, "welcome back");
  }
  for (const one of goesOn) {
    const [here] = await agreed([
      [vera, await at(one)],
      [alice, one],
    ]);
    expect(here?.health).toEqual({ state: "ok" });
  }
  const texts = async (one: Conversation) => textsIn(await at(one));
  const back = (one: Conversation) => [`back in ${one.id}`, "welcome back"];
  expect(await texts(chat)).toEqual(["before chat", "meanwhile", "I was here", ...back(chat)]);
  expect(await texts(changed)).toEqual(["before changed", ...back(changed)]);
  expect(await (await at(changed)).info()).toMatchObject({ name: "changed twice" });
  expect((await (await at(changed)).info()).topic).toBe("by vera");
  expect((await (await at(moved)).info()).server).toBe("two.test");
  // What was before is kept everywhere; what is over takes nothing more.
  for (const [one, name] of [
    [shut, "shut"],
    [ended, "ended"],
    [left, "left"],
    [reset, "reset"],
    [moved, "moved"],
  ] as const) {
    expect((await texts(one))[0]).toBe(`before ${name}`);
  }
  for (const one of [shut, ended, left]) {
    await expect((await at(one)).send("more")).rejects.toMatchObject({ code: "removed" });
  }
  expect(over.map((one) => one.room)).toEqual(expect.arrayContaining([shut.id, left.id]));
  expect(faults.map(({ code }) => code)).toContain("storeRestored");
  expect(faults.map(({ code }) => code)).not.toContain("forkDetected");
  await vera.close();
});

test("R-019 FED-1111 a store from before its client's leave was read through tells what it lacks", async () => {
  await using server = await startServer();
  const alice = await server.register("alice");
  let vera = await server.register("vera");
  const [room] = await founded(alice, "room", [vera]);
  if (room === undefined) throw new Error("no room");
  await room.send("hello");
  await reads(vera, room.id, "hello");
  await vera.close();
  await room.send("unread");
  vera = await openTampered(server, "vera", {
    frame: (frame) => (frame.type === "entry" ? [] : [frame]),
  });
  await (await vera.conversations.get(room.id)).leave();
  await vera.close();
  const backup = `${server.path("vera")}-backup`;
  copyStore(server.path("vera"), backup);
  vera = await server.open("vera");
  await until(vera, () => isOver(vera, room, "removed"));
  await vera.close();
  copyStore(backup, server.path("vera"));
  vera = await server.open("vera");
  const gaps = heard(vera, "gap");
  await until(vera, () => isOver(vera, room, "removed"));
  await vera.caughtUp();
  expect(await textsIn(await vera.conversations.get(room.id))).toEqual(["hello"]);
  expect(gaps).toMatchObject([{ stream: room.id, reason: "missed" }]);
});

test("R-019 FED-1111 a Welcome that waits for its hub is not taken for one that is gone", async () => {
  await using server = await startServer();
  const room = await removedFrom(server);
  const putBack = await outlived(server);
  await room.add(["vera@localhost"]);

  putBack();
  let isAway = true;
  const compared = Promise.withResolvers<void>();
  const passed = Promise.withResolvers<void>();
  const vera = await openTampered(server, "vera", {
    async fetch(request, ask) {
      if (isAway && request.url.includes("/tree")) {
        return refusedWith(new Refusal("peerUnreachable", "the hub is away"));
      }
      const answer = await ask(request);
      if (request.url.endsWith(paths.subscriptions())) compared.resolve();
      return answer;
    },
    frame(frame) {
      if (frame.type === "entry") passed.resolve();
      return [frame];
    },
  });
  await compared.promise;
  await room.send("while it waits");
  await passed.promise;
  isAway = false;
  await reads(vera, room.id, "while it waits");
  expect(await isOver(vera, room, "joined")).toBe(true);
});

test("R-019 FED-1111 a Welcome that comes while rooms are compared is not taken for one that is gone", async () => {
  await using server = await startServer();
  const room = await removedFrom(server);
  const putBack = await outlived(server);
  await room.send("while vera is out");
  await room.add(["vera@localhost"]);

  putBack();
  const late: ServerFrame[] = [];
  const vera = await openTampered(server, "vera", {
    frame(frame) {
      if (frame.type === "caughtUp") return [frame, ...late.splice(0)];
      if (frame.type !== "inboxEntry") return [frame];
      late.push(frame);
      return [];
    },
  });
  const gaps = heard(vera, "gap");
  await joinedBy(vera, room.id);
  await room.send("vera is back");
  await reads(vera, room.id, "vera is back");
  await vera.caughtUp();
  expect(gaps).toEqual([]);
});

test("T-41 who is removed before finding a way in is told once, and brought nothing of it again", async () => {
  await using server = await startServer();
  const room = await removedFrom(server);
  let isAway = true;
  const brought: string[] = [];
  const vera = await openTampered(server, "vera", {
    async fetch(request, ask) {
      if (isAway && request.url.includes("/group-info")) {
        return refusedWith(new Refusal("peerUnreachable", "the hub is away"));
      }
      return ask(request);
    },
    frame(frame) {
      if (frame.type === "entry") brought.push(decodeEntry(frame.entry).kind);
      if (frame.type !== "inboxEntry") return [frame];
      const entry = inboxEntryCodec.decode(frame.entry);
      if (entry.kind !== "welcome") return [frame];
      const welcome = new Uint8Array(entry.welcome.welcome).fill(0xff, -40);
      const changed = { ...entry, welcome: { ...entry.welcome, welcome } };
      return [{ type: "inboxEntry", entry: inboxEntryCodec.encode(changed) }];
    },
  });
  const unusable = next(vera, "fault", ({ code }) => code === "welcomeUnusable");
  await room.add(["vera@localhost"]);
  await unusable;
  await room.send("while vera has no way in");
  await room.remove(["vera@localhost"]);
  await until(vera, async () => brought.includes("commit"));
  const over = next(vera, "removed");
  isAway = false;
  await over;
  await vera.caughtUp();
  await vera.close();
  brought.length = 0;

  const again = await openTampered(server, "vera", {
    frame(frame) {
      if (frame.type === "entry") brought.push(decodeEntry(frame.entry).kind);
      return [frame];
    },
  });
  const told = heard(again, "removed");
  await again.caughtUp();
  expect(brought).toEqual([]);
  expect(told).toEqual([]);
});
