import { inboxEntryCodec, Refusal } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { password, startServer, type TestServer } from "../world/server.ts";
import { befriend } from "../world/friends.ts";
import { startServers } from "../world/servers.ts";
import { openTampered, refusedWith, type TamperedFetch } from "../world/tampered.ts";
import { joinedBy, next, reads, textsIn } from "../world/waiting.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startServer();
});
afterEach(() => server[Symbol.asyncDispose]());

test("T-41 a Welcome whose hub cannot be reached waits, and everything else arrives meanwhile", async () => {
  const alice = await server.register("alice");
  let asked = 0;
  let away: string | undefined;
  const fetch: TamperedFetch = (request, ask) => {
    if (away === undefined || !request.url.includes(`${away}/tree`)) return ask(request);
    asked += 1;
    return Promise.resolve(refusedWith(new Refusal("peerUnreachable", "the hub is away")));
  };
  const bob = await openTampered(server, "bob", { fetch }, { password, register: {} });
  await bob.caughtUp();
  await bob.close();

  const first = await alice.conversations.create({ name: "Away", members: ["bob@localhost"] });
  await first.send("said while the hub was away");
  const second = await alice.conversations.create({ name: "Here", members: ["bob@localhost"] });
  await second.send("one");
  away = encodeURIComponent(first.id);
  const back = await openTampered(server, "bob", { fetch });
  await reads(back, second.id, "one");
  await back.caughtUp();
  expect(asked).toBeGreaterThan(0);
  await first.send("and after");
  await second.send("two");
  await reads(back, second.id, "two");
  await back.close();

  // The Welcome is acknowledged, so the server does not bring it again; it is kept here.
  const again = await openTampered(server, "bob", { fetch });
  await again.caughtUp();
  await second.send("three");
  await reads(again, second.id, "three");
  expect((await again.conversations.list()).map(({ name }) => name)).toEqual(["Here"]);
  const faults: string[] = [];
  again.on("fault", ({ code }) => faults.push(code));
  const joined = next(again, "joined");
  away = undefined;
  expect((await joined).room).toBe(first.id);
  await reads(again, first.id, "and after");
  const his = await joinedBy(again, first.id);
  expect(await textsIn(his)).toEqual(["said while the hub was away", "and after"]);
  expect(faults).toEqual([]);
  await his.send("here at last");
  await reads(alice, first.id, "here at last");
}, 60_000);

test("T-41 a hub that does not answer holds nothing up but its own room", async () => {
  const alice = await server.register("alice");
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let slow: string | undefined;
  const fetch: TamperedFetch = async (request, ask) => {
    if (slow !== undefined && request.url.includes(`${slow}/tree`)) await released;
    return ask(request);
  };
  const bob = await openTampered(server, "bob", { fetch }, { password, register: {} });
  await bob.caughtUp();
  await bob.close();
  const first = await alice.conversations.create({ name: "Slow", members: ["bob@localhost"] });
  const second = await alice.conversations.create({ name: "Here", members: ["bob@localhost"] });
  slow = encodeURIComponent(first.id);
  const back = await openTampered(server, "bob", { fetch });
  await second.send("one");
  await reads(back, second.id, "one");
  const his = await back.conversations.get(second.id);
  await his.send("two");
  await reads(alice, second.id, "two");
  expect((await back.conversations.list()).map(({ id }) => id)).toEqual([second.id]);
  release();
  await joinedBy(back, first.id);
}, 60_000);

test("FED-935 T-41 a room without a usable Welcome, whose hub is gone then, holds up nothing else", async () => {
  const alice = await server.register("alice");
  await (await server.register("bob")).close();
  let asked = 0;
  let isDead = true;
  const bob = await openTampered(server, "bob", {
    fetch(request, ask) {
      if (!request.url.includes("/group-info")) return ask(request);
      asked += 1;
      return Promise.resolve(refusedWith(new Refusal("peerUnreachable", "the hub is gone")));
    },
    frame(frame) {
      if (frame.type !== "inboxEntry") return [frame];
      const entry = inboxEntryCodec.decode(frame.entry);
      if (entry.kind !== "welcome" || !isDead) return [frame];
      const welcome = new Uint8Array(entry.welcome.welcome).fill(0xff, -40);
      const changed = { ...entry, welcome: { ...entry.welcome, welcome } };
      return [{ type: "inboxEntry", entry: inboxEntryCodec.encode(changed) }];
    },
  });
  const unusable = next(bob, "fault", ({ code }) => code === "welcomeUnusable");
  await alice.conversations.create({ name: "Dead", members: ["bob@localhost"] });
  await unusable;
  await bob.caughtUp();
  expect(asked).toBeGreaterThan(0);
  isDead = false;
  const { id } = await alice.conversations.create({ name: "Here", members: ["bob@localhost"] });
  const his = await joinedBy(bob, id);
  await his.send("nothing waits");
  await reads(alice, id, "nothing waits");
  await bob.caughtUp();
  expect((await bob.conversations.list()).map(({ name }) => name)).toEqual(["Here"]);
});

test("R-015 whose server is gone cannot be added, is named, and keeps nobody from speaking", async () => {
  await using servers = await startServers("one.test", "two.test");
  await using alice = await servers.at(0).register("alice");
  const bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
  await bob.close();
  await servers.at(1).stop();
  const hers = await alice.conversations.create({ name: "Tea", members: [] });
  const refused = { code: "peerUnreachable", message: expect.stringContaining("bob@two.test") };
  await expect(hers.add(["bob@two.test"])).rejects.toMatchObject(refused);
  await hers.send("those who are here read it");
  expect(await textsIn(hers)).toEqual(["those who are here read it"]);
});
