import { expect, test } from "vitest";

import { createNobleCrypto } from "../../src/crypto/noble/index.ts";
import { loadGroup } from "../../src/member/index.ts";
import { seededRandom } from "../world/random.ts";
import { add, commit, newcomer, persist } from "../world/room.ts";
import { read, send, trio } from "../world/trio.ts";

test("a client in a browser and clients on Node are in one group", async () => {
  const { room, alice, bob } = await trio(71);
  const random = seededRandom(72);
  const crypto = createNobleCrypto({ random: (length) => random.bytes(length) });
  const { context } = room.world;
  const browser = { crypto, now: () => context.now() };
  bob.group = await loadGroup(browser, bob.identity, bob.rows);
  expect(await read(bob, await send(alice, "to the browser"))).toBe("to the browser");
  expect(await read(alice, await send(bob, "from the browser"))).toBe("from the browser");
  await commit(room, bob, { roomState: bob.group.roomState() });
  await commit(room, alice, { remove: [2] });
  const [dave] = await add(room, bob, [newcomer(room.world, "dave")]);
  persist(bob);
  expect(bob.group.epochAuthenticator()).toEqual(alice.group.epochAuthenticator());
  expect(dave?.group.epochAuthenticator()).toEqual(alice.group.epochAuthenticator());
});
