import { afterAll, beforeAll, expect, test } from "vitest";

import type { Client } from "../../src/node.ts";
import { startServer, type TestServer } from "../world/server.ts";
import { founded } from "../world/waiting.ts";

let server: TestServer;
let alice: Client;
let bob: Client;

beforeAll(async () => {
  server = await startServer();
  alice = await server.register("alice");
  bob = await server.register("bob");
});

afterAll(() => server[Symbol.asyncDispose]());

test("X-05 two people see the same number, and what one scans at the other is remembered", async () => {
  const hers = await alice.contacts.safetyNumber(bob.me.address);
  const his = await bob.contacts.safetyNumber(alice.me.address);
  expect(hers).toMatchObject({ digits: his.digits, payload: his.payload, changed: false });
  expect(hers.verifiedAt).toBeUndefined();
  expect(await alice.contacts.verify(bob.me.address, his.payload)).toBe("match");
  const after = await alice.contacts.safetyNumber(bob.me.address);
  expect(after.verifiedAt).toBeGreaterThan(0);
  expect(await bob.contacts.safetyNumber(alice.me.address)).toEqual(his);
  const known = await alice.contacts.identities();
  expect(known).toEqual([
    {
      user: bob.me.user,
      address: bob.me.address,
      identityKey: hers.identityKey,
      changed: false,
      verifiedAt: after.verifiedAt,
    },
  ]);
});

test("X-05 a number of somebody else says nothing, and nothing is remembered", async () => {
  await using carol = await server.register("carol");
  const hers = await carol.contacts.safetyNumber(bob.me.address);
  expect(await carol.contacts.verify(alice.me.address, hers.payload)).toBe("unrelated");
  expect(await carol.contacts.verify(alice.me.address, hers.digits)).toBe("mismatch");
  await expect(carol.contacts.verify(alice.me.address, "rubbish")).rejects.toMatchObject({
    code: "malformed",
  });
  const [first] = await carol.contacts.identities();
  expect(first?.verifiedAt).toBeUndefined();
  await expect(carol.contacts.safetyNumber(carol.me.address)).rejects.toMatchObject({
    code: "notAllowed",
  });
  await expect(carol.contacts.safetyNumber("nobody@localhost")).rejects.toMatchObject({
    code: "unknownUser",
  });
});

test("X-05 members in one epoch see one number of the conversation, and another in the next", async () => {
  const [room, theirs] = await founded(alice, "Tea", [bob]);
  if (room === undefined || theirs === undefined) throw new Error("two members");
  const first = await room.safetyNumber();
  expect(await theirs.safetyNumber()).toEqual(first);
  expect(await theirs.compareSafetyNumber(first.payload)).toBe("match");
  expect(await theirs.compareSafetyNumber(first.digits)).toBe("match");
  await (await server.register("dave")).close();
  await room.add(["dave@localhost"]);
  const second = await room.safetyNumber();
  expect(second.epoch).toBe(first.epoch + 1);
  expect(second.digits).not.toBe(first.digits);
  expect(await room.compareSafetyNumber(first.payload)).toBe("unrelated");
});
