import type { Bytes } from "@treehouse/protocol";
import { encodeRoomState, LIMITS, template } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { createKeyPackage, joinExternal, joinWelcome, loadGroup } from "../../src/member/index.ts";
import {
  accept,
  add,
  deliver,
  invite,
  joinByItself,
  newcomer,
  none,
  persist,
  restart,
} from "../world/room.ts";
import { hubDomain } from "../world/people.ts";
import { read, send, trio } from "../world/trio.ts";

test("T-24 a Welcome does nothing a second time, once its secret was deleted", async () => {
  const { room, alice } = await trio(21);
  const dave = newcomer(room.world, "dave");
  const invitation = await invite(room, alice, [dave]);
  const joined = await accept(room, dave, invitation);
  expect(joined.group.epochAuthenticator()).toEqual(alice.group.epochAuthenticator());
  const again = joinWelcome(room.world.context, dave.identity, {
    ...invitation,
    secrets: () => undefined,
  });
  await expect(again).rejects.toMatchObject({ code: "invalidMessage" });
});

test("FED-984 a Welcome with the tree of another epoch is refused", async () => {
  const { room, alice, bob } = await trio(22);
  const dave = newcomer(room.world, "dave");
  const before = room.hub.ratchetTree();
  const invitation = await invite(room, alice, [dave]);
  const stale = accept(room, dave, { ...invitation, ratchetTree: before });
  await expect(stale).rejects.toMatchObject({ code: "invalidCommit" });
  const update = await bob.group.prepareCommit({}, none);
  await deliver(room, bob, update);
  const later = accept(room, dave, { ...invitation, ratchetTree: room.hub.ratchetTree() });
  await expect(later).rejects.toMatchObject({ code: "invalidCommit" });
  expect((await accept(room, dave, invitation)).group.epoch).toBe(2);
});

test("a Welcome is not for another client's KeyPackage", async () => {
  const { room, alice } = await trio(23);
  const [dave, erin] = [newcomer(room.world, "dave"), newcomer(room.world, "erin")];
  const invitation = await invite(room, alice, [dave]);
  const secret = invitation.keyPackages.get(dave.identity)?.secret;
  const other = joinWelcome(room.world.context, erin.identity, {
    ...invitation,
    secrets: () => secret,
  });
  await expect(other).rejects.toMatchObject({ code: "clientMismatch" });
});

test("a client that lost its state comes back in place of its former leaf", async () => {
  const { room, alice, bob, carol } = await trio(24);
  const message = await send(carol, "lost");
  const back = await joinByItself(room, bob.user, bob.identity, bob.group.ownLeaf);
  expect(bob.group.active).toBe(false);
  expect(back.group.ownLeaf).toBe(1);
  expect(back.group.epochAuthenticator()).toEqual(alice.group.epochAuthenticator());
  await expect(back.group.decrypt(message)).rejects.toMatchObject({ code: "wrongEpoch" });
  await restart(room.world, back);
  expect(await read(alice, await send(back, "back"))).toBe("back");
});

test("an external commit survives a crash before it is known to be accepted", async () => {
  const { room, alice } = await trio(25);
  const dave = newcomer(room.world, "dave");
  const { context } = room.world;
  const { prepared, group } = await joinExternal(context, dave.identity, {
    groupInfo: room.hub.groupInfo,
    ratchetTree: room.hub.ratchetTree(),
    authenticatedData: none,
    at: context.now(),
  });
  expect(group.active).toBe(false);
  await expect(group.encrypt(none, none)).rejects.toMatchObject({ code: "notMember" });
  const restored = await loadGroup(context, dave.identity, prepared.rows.put);
  const waiting = restored.prepared;
  if (waiting === undefined) throw new Error("The external commit was lost.");
  expect(waiting.commit).toEqual(prepared.commit);
  const member = { ...dave, group: restored, rows: new Map<string, Bytes>(prepared.rows.put) };
  await deliver(room, member, waiting);
  expect(restored.active).toBe(true);
  expect(restored.epochAuthenticator()).toEqual(alice.group.epochAuthenticator());
  await restart(room.world, member);
  expect(member.group.active).toBe(true);
});

test("an external commit that was refused leaves nothing behind", async () => {
  const { room } = await trio(26);
  const dave = newcomer(room.world, "dave");
  const { context } = room.world;
  const { group } = await joinExternal(context, dave.identity, {
    groupInfo: room.hub.groupInfo,
    ratchetTree: room.hub.ratchetTree(),
    authenticatedData: none,
    at: context.now(),
  });
  const member = { ...dave, group, rows: new Map<string, Bytes>() };
  persist(member);
  await group.discard();
  persist(member);
  expect([...member.rows.keys()]).toEqual(["head"]);
});

test("T-18 FED-988 an external commit does not remove another user's leaf", async () => {
  const { room, bob } = await trio(27);
  const dave = newcomer(room.world, "dave");
  const stolen = joinByItself(room, dave.user, dave.identity, bob.group.ownLeaf);
  await expect(stolen).rejects.toMatchObject({ code: "invalidCommit" });
  expect(room.hub.epoch).toBe(1);
});

test("FED-983 a client cannot have two leaves", async () => {
  const { room, bob } = await trio(28);
  const twice = joinByItself(room, bob.user, bob.identity);
  await expect(twice).rejects.toMatchObject({ code: "invalidCommit" });
  const [alice] = room.members;
  if (alice === undefined) throw new Error("Nobody is there.");
  const again = add(room, alice, [{ user: bob.user, identity: bob.identity }]);
  await expect(again).rejects.toMatchObject({ code: "invalidCommit" });
});

test("a replaced device-signing key certifies no further client", async () => {
  const { room, alice, bob } = await trio(29);
  const { world } = room;
  const rotated = world.rotate(bob.user);
  await add(room, alice, [{ user: rotated, identity: world.client(rotated) }]);
  const thief = add(room, alice, [{ user: bob.user, identity: world.client(bob.user) }]);
  await expect(thief).rejects.toMatchObject({ code: "identityInvalid" });
  const byItself = joinByItself(room, bob.user, world.client(bob.user));
  await expect(byItself).rejects.toMatchObject({ code: "identityInvalid" });
});

test("another identity key enters only when a member removes all the user's leaves", async () => {
  const { room, alice, bob } = await trio(30);
  const { world } = room;
  const impostor = { ...world.user("bob"), user: bob.user.user };
  const beside = add(room, alice, [{ user: impostor, identity: world.client(impostor) }]);
  await expect(beside).rejects.toMatchObject({ code: "identityInvalid" });
  const instead = joinByItself(room, impostor, world.client(impostor), bob.group.ownLeaf);
  await expect(instead).rejects.toMatchObject({ code: "identityInvalid" });
  const remove = [bob.group.ownLeaf];
  const fresh = { user: impostor, identity: world.client(impostor) };
  const [renewed] = await add(room, alice, [fresh], { remove });
  expect(renewed?.group.active).toBe(true);
});

test("T-25 a KeyPackage that has expired is not added", async () => {
  const { room, alice } = await trio(31);
  const { context } = room.world;
  const dave = newcomer(room.world, "dave");
  const options = { lifetimeMs: 1000, lastResort: false };
  const { keyPackage, notAfter } = await createKeyPackage(context, dave.identity, options);
  room.world.advance(2000);
  const added = alice.group.prepareCommit({ add: [keyPackage] }, none);
  await expect(added).rejects.toMatchObject({ code: "invalidKeyPackage" });
  expect(notAfter).toBeLessThan(context.now());
  const longest = { lifetimeMs: 10 * LIMITS.keyPackageLifetimeMaxMs, lastResort: false };
  const made = await createKeyPackage(context, dave.identity, longest);
  expect(made.notAfter - context.now()).toBeLessThan(LIMITS.keyPackageLifetimeMaxMs);
});

test("FED-204 a commit is judged at its acceptance time, whatever the reader's clock says", async () => {
  const { room, alice, bob } = await trio(32);
  const { context } = room.world;
  const dave = newcomer(room.world, "dave");
  const options = { lifetimeMs: 60_000, lastResort: false };
  const { keyPackage, notAfter } = await createKeyPackage(context, dave.identity, options);
  const acceptedAt = context.now();
  const { commit } = await alice.group.prepareCommit({ add: [keyPackage] }, none);
  room.world.advance(120_000);
  const late = bob.group.processCommit(commit, { acceptedAt: notAfter + 1000 });
  await expect(late).rejects.toMatchObject({ code: "invalidCommit" });
  await bob.group.processCommit(commit, { acceptedAt });
  expect(bob.group.epoch).toBe(alice.group.epoch + 1);
});

test("the room's state travels with a commit and reaches those who join", async () => {
  const { room, alice, bob } = await trio(32);
  const founding = {
    founder: alice.user.user,
    hub: hubDomain,
    term: 1,
  };
  const state = { ...template("group", founding), metadata: Uint8Array.of(1) };
  const roomState = encodeRoomState(state);
  const prepared = await bob.group.prepareCommit({ roomState }, none);
  const { checked } = await deliver(room, bob, prepared);
  expect(checked.stateChanged).toBe(true);
  const [dave] = await add(room, alice, [newcomer(room.world, "dave")]);
  for (const { group } of room.members) expect(group.roomState()).toEqual(roomState);
  expect(room.hub.roomState).toEqual(roomState);
  expect(dave?.group.roomState()).toEqual(roomState);
});

test("what is meant for joiners' eyes reaches them alone", async () => {
  const { room, alice } = await trio(33);
  const { context } = room.world;
  const dave = newcomer(room.world, "dave");
  const options = { lifetimeMs: 1e9, lastResort: false };
  const made = await createKeyPackage(context, dave.identity, options);
  const key = room.world.random.bytes(32);
  const welcomeExtensions = [{ extensionType: 0xf123, data: key }];
  const intent = { add: [made.keyPackage], welcomeExtensions };
  const prepared = await alice.group.prepareCommit(intent, none);
  await deliver(room, alice, prepared);
  const { commit, groupInfo, welcome = none } = prepared;
  const hex = (bytes: Bytes) => Buffer.from(bytes).toString("hex");
  const seen = [commit, groupInfo, welcome, room.hub.groupContext].map((bytes) => hex(bytes));
  expect(seen.some((bytes) => bytes.includes(hex(key)))).toBe(false);
  const joined = await joinWelcome(context, dave.identity, {
    welcome,
    ratchetTree: room.hub.ratchetTree(),
    secrets: () => made.secret,
    at: context.now(),
  });
  expect(joined.groupInfoExtensions).toEqual(welcomeExtensions);
});
