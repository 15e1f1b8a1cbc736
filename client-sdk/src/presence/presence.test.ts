import { PRESENCE_MEDIA_TYPE, presenceCodec, userOfClient } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";

import { Circle, minute, stateOf } from "../../test/world/circle.ts";

let circle: Circle;
beforeEach(() => {
  circle = new Circle();
});
afterEach(() => circle[Symbol.asyncDispose]());

test("R-038 R-040 who comes learns at once who is there, and both are told of every change", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  await circle.friends(alice, bob);
  await alice.presences.face.active();
  await circle.quiet();
  expect(await stateOf(bob, alice)).toBe("online");
  await bob.presences.face.active();
  await circle.quiet();
  expect(await stateOf(alice, bob)).toBe("online");
  const until = circle.world.now() + 5 * minute;
  await bob.presences.face.set({ state: "dnd", activity: "in a meeting", until });
  await circle.quiet();
  const told = { address: bob.address, state: "dnd", activity: "in a meeting", until };
  expect(alice.told.at(-1)).toEqual(told);
  expect(await alice.presences.face.list()).toEqual([told]);
  await circle.pass(6 * minute);
  expect(alice.told.at(-1)).toEqual({ address: bob.address, state: "dnd" });
  await bob.presences.face.set({ state: "online" });
  await circle.quiet();
  expect(alice.told.map(({ state }) => state)).toEqual(["online", "dnd", "dnd", "online"]);
});

test("R-038 who says nothing any more is offline after two and a half minutes, and not before", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  await circle.friends(alice, bob);
  await alice.presences.face.set({ state: "dnd" });
  await circle.pass(10 * minute);
  expect(await stateOf(bob, alice)).toBe("dnd");
  expect(bob.told).toHaveLength(1);
  alice.presences.stop();
  await circle.pass(2 * minute - 1);
  expect(await stateOf(bob, alice)).toBe("dnd");
  await circle.pass(minute);
  expect(bob.told.map(({ state }) => state)).toEqual(["dnd", "offline"]);
});

test("R-038 who becomes invisible sends nothing from then on, not even that it is gone", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  await circle.friends(alice, bob);
  await alice.presences.face.set({ state: "online" });
  await circle.quiet();
  const before = alice.said.length;
  await alice.presences.face.set({ state: "invisible" });
  await bob.presences.face.active();
  alice.events.emit("state", { state: "live" });
  await circle.pass(5 * minute);
  expect(alice.said).toHaveLength(before);
  expect(await stateOf(bob, alice)).toBe("offline");
  // Others are seen all the same.
  expect(await stateOf(alice, bob)).toBe("online");
});

test("R-039 after ten minutes without activity one is idle, and with the next one online again", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  await circle.friends(alice, bob);
  await alice.presences.face.active();
  await circle.pass(9 * minute);
  expect(await stateOf(bob, alice)).toBe("online");
  await circle.pass(2 * minute);
  expect(await stateOf(bob, alice)).toBe("idle");
  await alice.presences.face.active();
  await circle.quiet();
  expect(bob.told.map(({ state }) => state)).toEqual(["online", "idle", "online"]);
});

test("R-039 what was set by hand survives activity, reconnecting and the end of the process", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  await circle.friends(alice, bob);
  await alice.presences.face.set({ state: "dnd", activity: "writing" });
  await alice.presences.face.active();
  alice.events.emit("state", { state: "live" });
  await circle.pass(11 * minute);
  await alice.presences.face.active();
  await circle.quiet();
  expect(bob.told).toEqual([{ address: alice.address, state: "dnd", activity: "writing" }]);
  expect(await alice.presences.face.own()).toEqual({ state: "dnd", activity: "writing" });
});

test("R-040 nobody but contacts gets a frame, neither in a group nor alone", async () => {
  const [alice, bob, carol] = [
    await circle.someone("alice"),
    await circle.someone("bob"),
    await circle.someone("carol"),
  ];
  const together = await circle.friends(alice, bob);
  const group = await circle.meet(false, alice, bob, carol);
  const alone = await circle.meet(true, alice, carol);
  await alice.presences.face.set({ state: "online" });
  await circle.pass(5 * minute);
  expect(new Set(alice.said.map(({ room }) => room))).toEqual(new Set([together]));
  expect(await stateOf(carol, alice)).toBe("offline");
  // A contact of whom this client knows nothing, and what others say in a group, count for nothing.
  const content = presenceCodec.encode({
    flags: { asks: true },
    state: "online",
    activity: "",
    activityUntil: 0,
  });
  const heard = { mediaType: PRESENCE_MEDIA_TYPE, content };
  const before = alice.said.length;
  alice.presences.overheard({ ...heard, room: alone, sender: carol.client });
  alice.presences.overheard({ ...heard, room: group, sender: bob.client });
  await circle.quiet();
  expect(await alice.presences.face.list()).toEqual([]);
  expect(alice.said).toHaveLength(before);
  expect(userOfClient(carol.client)).toBe(carol.user);
});

test.each(["none", "blocked"] as const)(
  "R-040 a contact that is %s gets nothing from that moment on",
  async (state) => {
    const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
    await circle.friends(alice, bob);
    await alice.presences.face.active();
    await bob.presences.face.active();
    await circle.quiet();
    const before = alice.said.length;
    await circle.relate(alice, bob, state);
    expect(await stateOf(alice, bob)).toBe("offline");
    expect(alice.told.at(-1)?.state).toBe("offline");
    await alice.presences.face.set({ state: "dnd" });
    await circle.pass(5 * minute);
    expect(alice.said).toHaveLength(before);
  },
);

test("R-040 with the setting at nobody not an octet leaves, and at contacts again they are told", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  await circle.friends(alice, bob);
  const choose = async (presence: "contacts" | "nobody") => {
    await alice.store.transaction((tx) => tx.preferences.set({ presence }, circle.world.now()));
    alice.presences.settingsChanged();
    await circle.quiet();
  };
  await choose("nobody");
  await alice.presences.face.set({ state: "online", activity: "here" });
  await bob.presences.face.active();
  await circle.pass(5 * minute);
  expect(alice.said).toEqual([]);
  await choose("contacts");
  expect(await stateOf(bob, alice)).toBe("online");
});

test("R-038 of several clients the one that is most there counts", async () => {
  const [bob, laptop, phone] = [
    await circle.someone("bob"),
    await circle.someone("alice"),
    await circle.someone("alice"),
  ];
  const room = await circle.friends(laptop, bob);
  await circle.relate(phone, bob, "mutual");
  circle.enter(room, phone);
  await laptop.presences.face.set({ state: "dnd", activity: "coding" });
  await phone.presences.face.set({ state: "idle" });
  await circle.quiet();
  const there = { address: laptop.address, activity: "coding" };
  expect(await bob.presences.face.list()).toEqual([{ ...there, state: "dnd" }]);
  await phone.presences.face.set({ state: "online" });
  await circle.quiet();
  expect(await bob.presences.face.list()).toEqual([{ ...there, state: "online" }]);
  phone.presences.stop();
  await circle.pass(3 * minute);
  expect(await bob.presences.face.list()).toEqual([{ ...there, state: "dnd" }]);
});

test("a contact who asks all the time is answered every two seconds, and the last time as well", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  const room = await circle.friends(alice, bob);
  await alice.presences.face.active();
  const before = alice.said.length;
  const flags = { asks: true };
  const content = presenceCodec.encode({ flags, state: "idle", activity: "", activityUntil: 0 });
  for (let count = 0; count < 100; count += 1) {
    const heard = { room, sender: bob.client, mediaType: PRESENCE_MEDIA_TYPE, content };
    alice.presences.overheard(heard);
    await circle.world.advance(50);
    await circle.quiet();
  }
  expect(alice.said.length - before).toBe(3);
  await circle.world.advance(2_000);
  await circle.quiet();
  expect(alice.said.length - before).toBe(4);
});

test("an activity that is too long, or over already, is refused and changes nothing", async () => {
  const alice = await circle.someone("alice");
  const { face } = alice.presences;
  await face.set({ state: "idle" });
  const long = face.set({ state: "online", activity: "é".repeat(65) });
  await expect(long).rejects.toMatchObject({
    code: "tooLarge",
    data: { limitName: "activityBytesMax", limit: 128 },
  });
  const past = face.set({ state: "online", activity: "x", until: circle.world.now() });
  await expect(past).rejects.toMatchObject({ code: "malformed" });
  expect(await face.own()).toEqual({ state: "idle" });
});

test("what cannot be read, and what is of another kind, is dropped", async () => {
  const [alice, bob] = [await circle.someone("alice"), await circle.someone("bob")];
  const room = await circle.friends(alice, bob);
  for (const mediaType of [PRESENCE_MEDIA_TYPE, "application/vnd.treehouse.typing", "text/plain"]) {
    const content = new Uint8Array([9, 9, 9]);
    alice.presences.overheard({ room, sender: bob.client, mediaType, content });
  }
  await circle.quiet();
  expect([alice.told, alice.typing]).toEqual([[], []]);
  expect(circle.env.log.entries.filter(({ event }) => event.startsWith("presence"))).toEqual([]);
});
