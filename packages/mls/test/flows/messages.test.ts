import { LIMITS } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { commit, none, persist, restart } from "../world/room.ts";
import { read, send, trio } from "../world/trio.ts";

test("a removed member decrypts nothing afterwards and keeps no secret", async () => {
  const { room, alice, bob, carol } = await trio(11);
  const memory = new Map(carol.rows);
  await commit(room, alice, { remove: [carol.group.ownLeaf] });
  const message = await send(alice, "after");
  expect(await read(bob, message)).toBe("after");
  expect(carol.group.active).toBe(false);
  expect([...carol.rows.keys()]).toEqual(["head"]);
  await expect(carol.group.decrypt(message)).rejects.toMatchObject({ code: "removed" });
  await expect(carol.group.encrypt(none, none)).rejects.toMatchObject({ code: "removed" });
  await restart(room.world, carol);
  expect(carol.group.active).toBe(false);
  // Nor with everything it kept aside before.
  carol.rows = memory;
  await restart(room.world, carol);
  await expect(carol.group.decrypt(message)).rejects.toMatchObject({ code: "wrongEpoch" });
});

test("T-27 messages of the last four epochs can be read, older ones cannot", async () => {
  const { room, alice, bob } = await trio(12);
  const messages = [await send(alice, "epoch 1")];
  for (let epoch = 2; epoch <= 6; epoch++) {
    await commit(room, bob, {});
    messages.push(await send(alice, `epoch ${epoch}`));
  }
  await restart(room.world, bob);
  const [first, ...kept] = messages;
  if (first === undefined) throw new Error("Nothing was sent.");
  await expect(bob.group.decrypt(first)).rejects.toMatchObject({
    code: "wrongEpoch",
    data: { currentEpoch: 6 },
  });
  const texts: string[] = [];
  for (const message of kept) texts.push(await read(bob, message));
  expect(texts).toEqual(["epoch 2", "epoch 3", "epoch 4", "epoch 5", "epoch 6"]);
});

test("a past epoch names its senders as they were then", async () => {
  const { room, alice, bob, carol } = await trio(13);
  const message = await send(carol, "farewell");
  await commit(room, alice, { remove: [2] });
  persist(bob);
  await restart(room.world, bob);
  const opened = await bob.group.decrypt(message);
  expect(opened).toMatchObject({ leaf: 2, client: carol.identity.client, epoch: 1 });
  expect(bob.group.members()).toHaveLength(2);
});

test("messages that overtake one another are all read, each once", async () => {
  const { room, alice, bob } = await trio(14);
  const texts = Array.from({ length: 60 }, (_, index) => `message ${index}`);
  const messages: Awaited<ReturnType<typeof send>>[] = [];
  for (const text of texts) messages.push(await send(alice, text));
  const found: string[] = [];
  for (const [index, message] of messages.toReversed().entries()) {
    found.push(await read(bob, message));
    if (index % 20 === 0) await restart(room.world, bob);
  }
  expect(found.toReversed()).toEqual(texts);
  for (const message of messages) {
    await expect(bob.group.decrypt(message)).rejects.toMatchObject({ code: "invalidMessage" });
  }
  expect([...bob.rows.keys()].filter((name) => name.includes("/skipped/"))).toEqual([]);
});

test("keys of at most 256 overtaken messages are kept per sender", async () => {
  const { alice, bob } = await trio(15);
  const messages: Awaited<ReturnType<typeof send>>[] = [];
  for (let index = 0; index < 300; index++) messages.push(await send(alice, `${index}`));
  const last = messages[299];
  const lost = messages[42];
  const kept = messages[43];
  if (last === undefined || lost === undefined || kept === undefined) throw new Error("Not sent.");
  expect(await read(bob, last)).toBe("299");
  const skipped = [...bob.rows.keys()].filter((name) => name.includes("/skipped/"));
  expect(skipped).toHaveLength(LIMITS.overtakenMessagesKept);
  expect(await read(bob, kept)).toBe("43");
  await expect(bob.group.decrypt(lost)).rejects.toMatchObject({ code: "invalidMessage" });
});

test("a sender commits before it has sent more than 4,000 messages in an epoch", async () => {
  const { room, alice, bob } = await trio(16);
  let last = await send(alice, "0");
  for (let index = 1; index < LIMITS.messagesPerEpochMax; index++) {
    last = await alice.group.encrypt(new Uint8Array(), none);
  }
  expect(alice.group.messagesSentInEpoch).toBe(LIMITS.messagesPerEpochMax);
  await expect(alice.group.encrypt(none, none)).rejects.toMatchObject({
    code: "limitExceeded",
    data: { limitName: "messagesPerEpochMax", limit: 4000 },
  });
  // The receiver may have missed all the others.
  expect(await read(bob, last)).toBe("");
  persist(alice);
  await commit(room, alice, {});
  expect(alice.group.messagesSentInEpoch).toBe(0);
  expect(await read(bob, await send(alice, "again"))).toBe("again");
});

test("T-03 the sender is the leaf's client, whoever brings the message", async () => {
  const { alice, bob, carol } = await trio(17);
  const opened = await bob.group.decrypt(await send(carol, "hello"));
  expect(opened.client).toBe(carol.identity.client);
  expect(opened.leaf).toBe(carol.group.ownLeaf);
  const changed = await send(alice, "signed");
  for (const at of [0, 30, changed.length >> 1, changed.length - 1]) {
    const broken = changed.slice();
    broken[at] = (broken[at] ?? 0) ^ 1;
    await expect(bob.group.decrypt(broken)).rejects.toHaveProperty("name", "Refusal");
  }
  expect(await read(bob, changed)).toBe("signed");
});
