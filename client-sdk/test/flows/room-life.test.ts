import {
  chainHashOf,
  type ClientFrame,
  decodeEntry,
  encodeEntry,
  Refusal,
  refusedFrame,
  type ServerFrame,
  sha256,
  TOMBSTONE_REASONS,
} from "@treehouse/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";

import { type Client, type Conversation, SdkError } from "../../src/node.ts";
import { befriend } from "../world/friends.ts";
import { type FederatedServers, startServers } from "../world/servers.ts";
import { password } from "../world/server.ts";
import { openTampered, refusedWith, type TamperedFetch } from "../world/tampered.ts";
import { founded, heard, next, reads, textsIn, until } from "../world/waiting.ts";

let servers: FederatedServers;
let alice: Client;
let bob: Client;

beforeAll(async () => {
  servers = await startServers("a.example", "b.example");
  alice = await servers.at(0).register("alice");
  bob = await servers.at(1).register("bob");
  await befriend(alice, bob);
});

afterAll(async () => {
  for (const client of [alice, bob]) await client.close();
  await servers[Symbol.asyncDispose]();
});

const aboutOf = async (room: Conversation) => {
  const { name, description, topic } = await room.info();
  return { name, description, topic };
};

/** The smallest PNG: one pixel, with a text chunk that a camera could have written. */
const pixel = Uint8Array.from(
  atob(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=",
  ),
  (letter) => letter.charCodeAt(0),
);

test("R-061 FED-1140 FED-1143 what a room says of itself is agreed by all, field by field", async () => {
  const pair = await alice.conversations.dm(bob.me.address);
  const coming = next(bob, "joined");
  await coming;
  const theirs = await bob.conversations.get(pair.id);
  // Both at once: neither takes back what the other one has set.
  await Promise.all([
    pair.setAbout({ topic: "soup" }),
    theirs.setAbout({ description: "What there is to eat." }),
    pair.setAbout({ description: "Food." }),
  ]);
  await Promise.all([alice.caughtUp(), bob.caughtUp()]);
  const agreed = await aboutOf(pair);
  expect(agreed.topic).toBe("soup");
  expect(["What there is to eat.", "Food."]).toContain(agreed.description);
  expect(await aboutOf(theirs)).toEqual(agreed);
  const told = next(bob, "about", ({ changed }) => changed.topic === "");
  await pair.setAbout({ topic: null });
  expect(await told).toEqual({
    room: pair.id,
    by: alice.me.user,
    address: alice.me.address,
    changed: { topic: "" },
  });
});

test("R-060 R-061 a room is renamed and pictured by whoever may, over two servers, and by nobody else", async () => {
  const [room, theirs] = await founded(alice, "Kitchen", [bob]);
  if (room === undefined || theirs === undefined) throw new Error("nobody is there");
  const told = heard(bob, "about");
  await room.rename("Küche");
  await room.setAbout({ picture: pixel });
  await until(bob, async () => (await theirs.info()).picture);
  expect(await aboutOf(theirs)).toEqual({ name: "Küche", description: "", topic: "" });
  expect(told.map(({ changed }) => changed)).toEqual([{ name: "Küche" }, { picture: true }]);
  expect((await theirs.history()).flatMap((item) => ("about" in item ? [item.about] : []))).toEqual(
    [{ name: "Küche" }, { picture: true }],
  );
  const picture = await theirs.picture();
  expect(picture?.mediaType).toBe("image/png");
  await expect(theirs.rename("Bob's")).rejects.toMatchObject({ code: "notAllowed" });
  await expect(room.rename("n".repeat(65))).rejects.toMatchObject({
    code: "limitExceeded",
    data: { limitName: "nameBytesMax" },
  });
  await expect(room.setAbout({ picture: Uint8Array.of(1, 2, 3) })).rejects.toThrow(SdkError);
  // Who comes later is told all of it with the Welcome.
  const carol = await servers.at(0).register("carol");
  await room.add([carol.me.address]);
  await until(carol, async () => (await carol.conversations.list()).length > 0);
  const hers = await carol.conversations.get(room.id);
  expect(await hers.info()).toMatchObject({ name: "Küche", picture: true });
  await room.setAbout({ picture: null });
  await carol.caughtUp();
  expect(await hers.picture()).toBeUndefined();
  await carol.close();
});

test("R-060 FED-1150 FED-1151 whoever owns a room deletes it for all, also for those who are away", async () => {
  const [room, theirs] = await founded(alice, "Gone soon", [bob]);
  if (room === undefined || theirs === undefined) throw new Error("nobody is there");
  await room.send("what was said");
  await reads(bob, room.id, "what was said");
  const link = await alice.assets.upload(pixel, { access: { kind: "room", room: room.id } });
  await expect(theirs.deleteForAll()).rejects.toMatchObject({ code: "notAllowed" });
  await expect(theirs.forget()).rejects.toMatchObject({ code: "conflict" });
  // Bob's server is away meanwhile, and bob says something that cannot come any more.
  await servers.at(1).stop();
  const told = next(alice, "deleted");
  await room.deleteForAll();
  expect(await told).toEqual({
    room: room.id,
    by: alice.me.user,
    address: alice.me.address,
    reason: "",
  });
  const late = theirs.send("too late").then(
    () => "sent",
    (error: unknown) => (error instanceof SdkError ? error.code : error),
  );
  const heardOf = next(bob, "deleted");
  const health = next(bob, "health", (one) => one.room === room.id && one.state === "deleted");
  await servers.at(1).start();
  expect(await heardOf).toMatchObject({ room: room.id, address: alice.me.address });
  expect(await late).toMatch(/removed|unknownRoom/);
  await health;
  const line = (await bob.diagnose()).find(({ conversation }) => conversation === room.id);
  const text = "Somebody has ended the conversation for everybody; what was said stays here.";
  expect(line).toMatchObject({ name: "conversation Gone soon", result: "ok", text });
  for (const one of [room, theirs]) {
    expect(await one.info()).toMatchObject({
      status: "deleted",
      health: { state: "deleted" },
      deleted: { by: alice.me.address, at: expect.any(Number) },
      members: [],
    });
    await expect(one.send("more")).rejects.toMatchObject({ code: "removed" });
    expect(await textsIn(one)).toEqual(["what was said"]);
  }
  // Files for those in the room are for nobody any more.
  await expect(alice.assets.read(link)).rejects.toMatchObject({ code: "assetGone" });
  await theirs.forget();
  expect(await textsIn(theirs)).toEqual([]);
  expect((await bob.conversations.list()).map(({ id }) => id)).not.toContain(room.id);
  expect((await bob.search("said")).hits).toEqual([]);
});

test("FED-1151 a hub that says so alone deletes nothing: members keep what they have", async () => {
  const lie = { about: "" };
  const frame = (given: ServerFrame): readonly ServerFrame[] => {
    if (given.type !== "entry" || lie.about === "") return [given];
    const entry = decodeEntry(given.entry);
    if (entry.room !== lie.about || entry.kind !== "application") return [given];
    lie.about = "";
    const { message: _, frank: __, ...header } = entry;
    const replaced = chainHashOf(entry, given.entry, sha256);
    const reason = TOMBSTONE_REASONS.deleted;
    const told = encodeEntry({ ...header, kind: "tombstone", reason, replaced, detail: "" });
    return [{ ...given, entry: told }];
  };
  const options = { account: "dora@a.example", password, register: {} };
  const dora = await openTampered(servers.at(0), "dora", { frame }, options);
  await dora.caughtUp();
  const [room, hers] = await founded(alice, "Kept", [dora]);
  if (room === undefined || hers === undefined) throw new Error("nobody is there");
  lie.about = room.id;
  const fault = next(dora, "fault");
  await room.send("one");
  expect(await fault).toMatchObject({ code: "tombstone", room: room.id });
  await room.send("two");
  await reads(dora, room.id, "two");
  expect(await hers.info()).toMatchObject({ status: "joined", deleted: undefined });
});

test("R-060 whoever waits for something in a room that its hub knows no more is told so", async () => {
  let isGone = false;
  const answer = (frame: ClientFrame) =>
    frame.type === "submit" && isGone
      ? refusedFrame(frame.requestId, new Refusal("unavailable", "not now"))
      : undefined;
  const frame = (one: ServerFrame): readonly ServerFrame[] => {
    if (one.type !== "entry" || !isGone) return [one];
    const { room: stream, position } = decodeEntry(one.entry);
    return [{ type: "gap", stream, from: position, to: position, reason: "expired" }];
  };
  const fetch: TamperedFetch = (request, ask) =>
    request.url.endsWith("/group-info") && isGone
      ? Promise.resolve(refusedWith(new Refusal("unknownRoom", "There is no such room.")))
      : ask(request);
  const tampering = { answer, frame, fetch };
  const options = { account: "erin@a.example", password, register: {} };
  const erin = await openTampered(servers.at(0), "erin", tampering, options);
  await erin.caughtUp();
  const [room, theirs] = await founded(alice, "Gone", [erin]);
  if (room === undefined || theirs === undefined) throw new Error("nobody is there");
  isGone = true;
  const waiting = theirs.send("to whom?").catch((error: unknown) => error);
  const over = next(erin, "removed", (one) => one.room === room.id);
  await room.send("the last word");
  await over;
  expect(await waiting).toMatchObject({ code: "unknownRoom" });
  await erin.close();
});
