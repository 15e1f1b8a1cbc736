import { equalBytes } from "@treehouse/protocol";
import { expect, test } from "vitest";

import {
  add,
  commit,
  deliver,
  newcomer,
  none,
  persist,
  proposeByHub,
  restart,
} from "../world/room.ts";
import { read, send, trio } from "../world/trio.ts";

test("preparing a commit changes nothing until it is adopted", async () => {
  const { alice, bob } = await trio(1);
  const before = alice.group.epochAuthenticator();
  const prepared = await alice.group.prepareCommit({}, none);
  expect(prepared.epoch).toBe(2);
  expect(alice.group.epoch).toBe(1);
  expect(alice.group.epochAuthenticator()).toEqual(before);
  expect(await read(bob, await send(alice, "still here"))).toBe("still here");
});

test("the loser of a race processes the winner and can commit again", async () => {
  const { room, alice, bob, carol } = await trio(2);
  const lost = await alice.group.prepareCommit({ remove: [2] }, none);
  persist(alice);
  const won = await bob.group.prepareCommit({}, none);
  await deliver(room, bob, won);
  expect(alice.group.prepared).toBeUndefined();
  expect(alice.rows.has("prepared")).toBe(false);
  expect(alice.group.epochAuthenticator()).toEqual(bob.group.epochAuthenticator());
  await expect(alice.group.adopt(lost)).rejects.toMatchObject({ code: "conflict" });
  const at = room.world.context.now();
  await expect(room.hub.checkCommit({ ...lost, at })).rejects.toMatchObject({
    code: "wrongEpoch",
    data: { currentEpoch: 2 },
  });
  await commit(room, alice, { remove: [carol.group.ownLeaf] });
  expect(alice.group.epochAuthenticator()).toEqual(bob.group.epochAuthenticator());
});

test("a commit that was prepared before a crash is adopted after it", async () => {
  const { room, alice, bob, carol } = await trio(3);
  const identity = newcomer(room.world, "dave");
  const prepared = await alice.group.prepareCommit({ roomState: alice.group.roomState() }, none);
  expect(alice.group.takeChanges()).toEqual(prepared.rows);
  for (const [name, value] of prepared.rows.put) alice.rows.set(name, value);
  // Between preparing and adopting, life goes on in the old epoch.
  const early = await send(bob, "before");
  const late = await send(bob, "late");
  expect(await read(alice, early)).toBe("before");
  await restart(room.world, alice);
  const restored = alice.group.prepared;
  if (restored === undefined) throw new Error("The prepared commit was lost.");
  expect(equalBytes(restored.commit, prepared.commit)).toBe(true);
  expect(restored.groupInfo).toEqual(prepared.groupInfo);
  await deliver(room, alice, restored);
  expect(alice.rows.has("prepared")).toBe(false);
  expect(alice.group.epochAuthenticator()).toEqual(carol.group.epochAuthenticator());
  await expect(alice.group.decrypt(early)).rejects.toMatchObject({ code: "invalidMessage" });
  expect(await read(alice, late)).toBe("late");
  await restart(room.world, alice);
  await add(room, alice, [identity]);
  expect(alice.group.epochAuthenticator()).toEqual(bob.group.epochAuthenticator());
});

test("a commit that was prepared before a crash is discarded after it", async () => {
  const { room, alice, bob } = await trio(4);
  await alice.group.prepareCommit({}, none);
  persist(alice);
  await restart(room.world, alice);
  await alice.group.discard();
  persist(alice);
  expect(alice.group.prepared).toBeUndefined();
  await restart(room.world, alice);
  expect(alice.group.prepared).toBeUndefined();
  expect(await read(bob, await send(alice, "on"))).toBe("on");
});

test("the echo of the own commit adopts it, and adopting once more does nothing", async () => {
  const { room, alice, bob } = await trio(5);
  const prepared = await alice.group.prepareCommit({}, none);
  const at = room.world.context.now();
  await room.hub.checkCommit({ ...prepared, at });
  const result = await alice.group.processCommit(prepared.commit, { acceptedAt: at });
  expect(result.committer.client).toBe(alice.identity.client);
  expect(alice.group.epoch).toBe(2);
  await alice.group.adopt(prepared);
  expect(alice.group.epoch).toBe(2);
  await bob.group.processCommit(prepared.commit, { acceptedAt: at });
  expect(bob.group.epochAuthenticator()).toEqual(alice.group.epochAuthenticator());
});

test("steps that are started together are served one after another", async () => {
  const { alice, bob } = await trio(6);
  const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
  const messages = await Promise.all(texts.map((text) => send(alice, text)));
  const readTexts = await Promise.all(messages.map((message) => read(bob, message)));
  expect(readTexts).toEqual(texts);
});

test("pending removals are committed with whatever a member commits", async () => {
  const { room, alice, bob, carol } = await trio(7);
  await proposeByHub(room, [carol.group.ownLeaf]);
  expect(alice.group.pendingRemovals).toEqual([2]);
  await expect(alice.group.encrypt(none, none)).rejects.toMatchObject({
    code: "removalPending",
    data: { leaves: [2] },
  });
  await expect(carol.group.prepareCommit({}, none)).rejects.toMatchObject({ code: "removed" });
  await restart(room.world, alice);
  expect(alice.group.pendingRemovals).toEqual([2]);
  const { checked, results } = await commit(room, alice, { remove: [2] });
  expect(checked.proposedRemovalsDone).toEqual([2]);
  expect(results.get(carol)?.removedSelf).toBe(true);
  expect(results.get(bob)?.removed).toEqual([{ leaf: 2, client: carol.identity.client }]);
  expect(alice.group.pendingRemovals).toEqual([]);
});

test("a commit that leaves a pending removal out is refused by all", async () => {
  const { room, alice, bob } = await trio(8);
  const prepared = await alice.group.prepareCommit({}, none);
  await proposeByHub(room, [2]);
  const at = room.world.context.now();
  const refusal = { code: "removalPending", data: { leaves: [2] } };
  await expect(room.hub.checkCommit({ ...prepared, at })).rejects.toMatchObject(refusal);
  const processed = bob.group.processCommit(prepared.commit, { acceptedAt: at });
  await expect(processed).rejects.toMatchObject(refusal);
});

test("a proposal is taken once, and a second one for the same leaf is not", async () => {
  const { room, alice } = await trio(9);
  const message = await alice.group.proposeRemoval(1, none);
  const at = room.world.context.now();
  const { group, removes, senderLeaf } = await room.hub.checkProposals([message], at);
  expect({ removes, senderLeaf }).toEqual({ removes: [1], senderLeaf: 0 });
  const again = group.checkProposals([message], at);
  await expect(again).rejects.toMatchObject({ code: "invalidProposal" });
  const hubPrivateKey = room.world.hub.privateKey;
  const { messages } = await group.proposeRemovals([1], { hubPrivateKey });
  expect(messages).toEqual([]);
});
