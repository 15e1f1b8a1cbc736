/**
 * What a commit takes in a group whose tree is full, counted: unlike times, counts are the same on
 * every machine.
 */
import { expect, test } from "vitest";

import { countingCrypto, populate } from "../../src/bench/index.ts";
import { createWorld, newRoom } from "../world/people.ts";
import { seededRandom } from "../world/random.ts";
import { none } from "../world/room.ts";

const members = process.env["TREEHOUSE_SCALE"] === "full" ? 1_000 : 64;

test(
  `T-39 an update among ${members} takes each at most 100 hashes, 100 steps of HKDF and 2 signatures to verify`,
  { timeout: 120_000 },
  async () => {
    const random = seededRandom(31);
    const { crypto, take } = countingCrypto({ random: (length) => random.bytes(length) });
    const world = createWorld(32, () => crypto);
    const users = Array.from({ length: members }, (_, index) => world.user(`m${index}`));
    const [founder] = users;
    if (founder === undefined) throw new Error("nobody");
    const clients = users.map((user) => world.client(user));
    const { memberAt, publicGroup } = await populate(
      world.context,
      clients,
      newRoom(world, founder),
    );
    const committer = memberAt(0);
    // the one derives every key of the path, the other that of the root alone
    const others = [memberAt(1), memberAt(members - 1)];
    let hub = publicGroup;
    // twice, so that what only the first commit has to hash is behind us
    for (const round of [1, 2]) {
      const prepared = await committer.prepareCommit({}, none);
      const { commit, groupInfo } = prepared;
      const at = world.context.now();
      take();
      hub = (await hub.checkCommit({ commit, groupInfo, at })).group;
      const checked = take();
      await committer.adopt(prepared);
      for (const other of others) {
        take();
        await other.processCommit(commit, { acceptedAt: at });
        const counts = take();
        expect(other.epochAuthenticator()).toEqual(committer.epochAuthenticator());
        if (round === 1) continue;
        expect(counts.hashes).toBeLessThanOrEqual(100);
        expect(counts.hkdfs).toBeLessThanOrEqual(100);
        expect(counts.verifies).toBeLessThanOrEqual(2);
        const rows = [...other.takeChanges().put.values()];
        expect(rows.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(64 * 1024);
      }
      if (round === 1) continue;
      expect(checked.hashes).toBeLessThanOrEqual(100);
      // and that of the GroupInfo
      expect(checked.verifies).toBeLessThanOrEqual(3);
    }
  },
);

test("an identity that replaces the own one is verified, and one that stays is not", async () => {
  const random = seededRandom(33);
  const { crypto, take } = countingCrypto({ random: (length) => random.bytes(length) });
  const world = createWorld(34, () => crypto);
  const users = [world.user("alice"), world.user("bob")] as const;
  const clients = users.map((user) => world.client(user));
  const { memberAt } = await populate(world.context, clients, newRoom(world, users[0]));
  const [alice, bob] = [memberAt(0), memberAt(1)];
  const [hers] = clients;
  if (hers === undefined) throw new Error("nobody");
  const renewed = world.client(users[0], {
    as: hers.client,
    keys: { privateKey: hers.signaturePrivateKey, publicKey: hers.signaturePublicKey },
    expiresAt: world.context.now() + 1_000_000,
  });
  const prepared = await alice.prepareCommit({ updateLeafIdentity: renewed.leafIdentity }, none);
  await alice.adopt(prepared);
  take();
  await bob.processCommit(prepared.commit, { acceptedAt: world.context.now() });
  expect(take().verifies).toBe(4);
});
