import type { Bytes, RefusalCode } from "@treehouse/protocol";
import { concatBytes, LIMITS } from "@treehouse/protocol";
import type { CiphersuiteName } from "ts-mls";
import { decodeGroupInfo, encodeGroupInfo, signGroupInfo } from "ts-mls/groupInfo.js";
import { describe, expect, test } from "vitest";

import { toTsMls } from "../../src/crypto/index.ts";
import { createGroup, createKeyPackage } from "../../src/member/index.ts";
import { checkKeyPackage, loadPublicGroup, registerGroup } from "../../src/public/index.ts";
import { forgeKeyPackage, stateOf } from "../fuzz/forge.ts";
import { createWorld, newRoom } from "../world/people.ts";
import type { Member, Room } from "../world/room.ts";
import {
  add,
  commit,
  foundRoom,
  joinByItself,
  newcomer,
  none,
  proposeByHub,
} from "../world/room.ts";
import { trio } from "../world/trio.ts";
import { encodeKeyPackage } from "ts-mls/keyPackage.js";
import { copyBytes } from "@treehouse/protocol";

const DAY = 24 * 60 * 60 * 1000;

async function refusal(run: Promise<unknown>): Promise<RefusalCode | undefined> {
  return run.then(
    () => undefined,
    (error: { code?: RefusalCode }) => error.code,
  );
}

/** The member signs a GroupInfo that differs from the one it should send. */
async function otherGroupInfo(
  room: Room,
  member: Member,
  groupInfo: Bytes,
  change: (info: NonNullable<ReturnType<typeof decodeGroupInfo>>[0]) => object,
): Promise<Bytes> {
  const decoded = decodeGroupInfo(groupInfo, 0)?.[0];
  if (decoded === undefined) throw new Error("Not a GroupInfo.");
  const { signature } = toTsMls(room.world.crypto);
  const key = member.identity.signaturePrivateKey;
  const signed = await signGroupInfo({ ...decoded, ...change(decoded) }, key, signature);
  return copyBytes(encodeGroupInfo(signed));
}

describe("an upload is refused as a whole", () => {
  test("FED-991 without the Welcome, or with one that is not for those who were added", async () => {
    const { room, alice } = await trio(51);
    const { context } = room.world;
    const at = context.now();
    const options = { lifetimeMs: DAY, lastResort: false };
    const made = await createKeyPackage(context, newcomer(room.world, "dave").identity, options);
    const prepared = await alice.group.prepareCommit({ add: [made.keyPackage] }, none);
    const { commit: bytes, groupInfo, welcome } = prepared;
    const bundle = { commit: bytes, groupInfo, at };
    expect(await refusal(room.hub.checkCommit(bundle))).toBe("invalidCommit");
    const other = await createKeyPackage(context, newcomer(room.world, "erin").identity, options);
    await alice.group.discard();
    const stranger = await alice.group.prepareCommit({ add: [other.keyPackage] }, none);
    if (welcome === undefined || stranger.welcome === undefined) throw new Error("No Welcome.");
    const wrong = room.hub.checkCommit({ ...bundle, welcome: stranger.welcome });
    expect(await refusal(wrong)).toBe("invalidCommit");
    const garbled = room.hub.checkCommit({ ...bundle, welcome: welcome.slice(1) });
    expect(await refusal(garbled)).toBe("malformed");
    const { welcomeRefs, added } = await room.hub.checkCommit({ ...bundle, welcome });
    expect(welcomeRefs).toEqual([made.ref]);
    expect(added.map(({ keyPackageRef }) => keyPackageRef)).toEqual([made.ref]);
    const update = await alice.group.prepareCommit({}, none);
    const unasked = room.hub.checkCommit({ ...update, welcome, at });
    expect(await refusal(unasked)).toBe("invalidCommit");
  });

  test("FED-990 with a GroupInfo that is not the committer's for exactly this epoch", async () => {
    const { room, alice, bob } = await trio(52);
    const at = room.world.context.now();
    const { commit: bytes, groupInfo } = await alice.group.prepareCommit({}, none);
    const tree = room.hub.ratchetTree();
    const wrong = [
      room.hub.groupInfo,
      await otherGroupInfo(room, alice, groupInfo, () => ({ confirmationTag: new Uint8Array(32) })),
      await otherGroupInfo(room, alice, groupInfo, () => ({ extensions: [] })),
      await otherGroupInfo(room, alice, groupInfo, ({ extensions }) => ({
        extensions: [...extensions, { extensionType: "ratchet_tree", extensionData: tree }],
      })),
      await otherGroupInfo(room, bob, groupInfo, () => ({ signer: 1 })),
      await otherGroupInfo(room, bob, groupInfo, () => ({})),
      await otherGroupInfo(room, alice, groupInfo, ({ groupContext }) => ({
        groupContext: { ...groupContext, epoch: groupContext.epoch + 1n },
      })),
    ];
    for (const info of wrong) {
      const checked = room.hub.checkCommit({ commit: bytes, groupInfo: info, at });
      expect(await refusal(checked)).toBe("invalidCommit");
    }
    expect((await room.hub.checkCommit({ commit: bytes, groupInfo, at })).group.epoch).toBe(2);
  });
});

test("a check leaves the group before it as it was", async () => {
  const { room, alice } = await trio(53);
  const before = room.hub.store();
  const at = room.world.context.now();
  const prepared = await alice.group.prepareCommit({ remove: [1] }, none);
  const { group } = await room.hub.checkCommit({ ...prepared, at });
  expect(room.hub.store()).toEqual(before);
  expect(room.hub.epoch).toBe(1);
  expect(group.epoch).toBe(2);
  expect(group.roster.map(({ leaf }) => leaf)).toEqual([0, 2]);
  expect(() => group.signatureKeyOf(1)).toThrow(expect.objectContaining({ code: "notMember" }));
  expect(group.signatureKeyOf(0)).toEqual(alice.identity.signaturePublicKey);
});

test("FED-985 a group is founded with one member, and its GroupInfo by that member", async () => {
  const world = createWorld(54);
  const founder = world.user("alice");
  const identity = world.client(founder);
  const made = await createGroup(world.context, identity, newRoom(world, founder));
  const at = world.context.now();
  const { groupInfo, ratchetTree } = made;
  const hub = await registerGroup(world.context, { groupInfo, ratchetTree, at });
  expect(hub.roster).toEqual([{ leaf: 0, client: identity.client, rulesKnown: 1 }]);
  expect(hub.externalSenders[0]?.signatureKey).toEqual(world.hub.publicKey);
  const doubled = concatBytes(ratchetTree, ratchetTree);
  const wrong = registerGroup(world.context, { groupInfo, ratchetTree: doubled, at });
  expect(await refusal(wrong)).toBe("malformed");
  const other = await createGroup(world.context, identity, newRoom(world, founder));
  const swapped = registerGroup(world.context, { groupInfo, ratchetTree: other.ratchetTree, at });
  expect(await refusal(swapped)).toBe("invalidCommit");
  const { hub: grown } = (await trio(61)).room;
  const many = { groupInfo: grown.groupInfo, ratchetTree: grown.ratchetTree(), at };
  expect(await refusal(registerGroup(world.context, many))).toBe("malformed");
  const allowed = await registerGroup(world.context, { ...many, leavesMax: 3 });
  expect(allowed.roster).toEqual(grown.roster);
  const late = registerGroup(world.context, { groupInfo, ratchetTree, at: at + 500 * DAY });
  expect(await refusal(late)).toBe("identityInvalid");
});

test("the hub proposes at most 50 removals in one epoch, each once", async () => {
  const world = createWorld(55);
  const room = await foundRoom(world, world.user("alice"));
  const [alice] = room.members;
  if (alice === undefined) throw new Error("Nobody is there.");
  const others = Array.from({ length: 51 }, (_, index) => newcomer(world, `member${index}`));
  const keyPackages: Bytes[] = [];
  for (const { identity } of others) {
    const options = { lifetimeMs: DAY, lastResort: false };
    keyPackages.push((await createKeyPackage(world.context, identity, options)).keyPackage);
  }
  await commit(room, alice, { add: keyPackages });
  const hubPrivateKey = world.hub.privateKey;
  const leaves = others.map((_, index) => index + 1);
  const all = room.hub.proposeRemovals(leaves, { hubPrivateKey });
  await expect(all).rejects.toMatchObject({ code: "limitExceeded", data: { limit: 50 } });
  await proposeByHub(room, leaves.slice(0, 50));
  expect(room.hub.pendingProposals).toHaveLength(50);
  const reloaded = await loadPublicGroup(world.context, room.hub.store());
  expect(reloaded.pendingProposals).toEqual(room.hub.pendingProposals);
  const { checked } = await commit(room, alice, {});
  expect(checked.proposedRemovalsDone).toEqual(leaves.slice(0, 50));
  expect(room.hub.roster.map(({ leaf }) => leaf)).toEqual([0, 51]);
  const wrongKey = { hubPrivateKey: alice.identity.signaturePrivateKey };
  expect(await refusal(room.hub.proposeRemovals([51], wrongKey))).toBe("invalidProposal");
});

test("an external commit leaves pending removals to be proposed again", async () => {
  const { room, alice } = await trio(56);
  await proposeByHub(room, [2]);
  const dave = newcomer(room.world, "dave");
  await joinByItself(room, dave.user, dave.identity);
  expect(room.hub.pendingProposals).toEqual([]);
  expect(alice.group.pendingRemovals).toEqual([]);
  await proposeByHub(room, [2]);
  await commit(room, alice, {});
  expect(room.hub.roster.map(({ leaf }) => leaf)).toEqual([0, 1, 3]);
});

describe("a KeyPackage", () => {
  test("tells its client, reference, lifetime and whether it is a last resort", async () => {
    const { room } = await trio(57);
    const { context } = room.world;
    const at = context.now();
    const { identity } = newcomer(room.world, "dave");
    for (const lastResort of [false, true]) {
      const made = await createKeyPackage(context, identity, { lifetimeMs: DAY, lastResort });
      const checked = await checkKeyPackage(context, made.keyPackage, { at });
      expect(checked).toMatchObject({
        client: identity.client,
        ref: made.ref,
        signatureKey: identity.signaturePublicKey,
        notAfter: made.notAfter,
        lastResort,
      });
    }
  });

  test("T-19 FED-980 is refused with another suite, most of all one whose signatures are malleable", async () => {
    const { room } = await trio(63);
    const { context } = room.world;
    const at = context.now();
    const verdict = async (cipherSuite: CiphersuiteName) => {
      const { keyPackage } = await forgeKeyPackage(room, (one) => ({ ...one, cipherSuite }));
      return refusal(checkKeyPackage(context, copyBytes(encodeKeyPackage(keyPackage)), { at }));
    };
    expect(await verdict("MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519")).toBeUndefined();
    expect(await verdict("MLS_128_DHKEMP256_AES128GCM_SHA256_P256")).toBe("invalidKeyPackage");
    expect(await verdict("MLS_256_DHKEMP521_AES256GCM_SHA512_P521")).toBe("invalidKeyPackage");
  });

  test("T-25 FED-982 is refused before, after and with too long a lifetime", async () => {
    const { room } = await trio(58);
    const { context } = room.world;
    const at = context.now();
    const seconds = Math.floor(at / 1000);
    const lifetime = async (notBefore: bigint, notAfter: bigint) => {
      const { keyPackage } = await forgeKeyPackage(room, (one) => ({
        ...one,
        leafNode: {
          ...one.leafNode,
          leafNodeSource: "key_package",
          lifetime: { notBefore, notAfter },
        },
      }));
      const bytes = copyBytes(encodeKeyPackage(keyPackage));
      return refusal(checkKeyPackage(context, bytes, { at }));
    };
    const now = BigInt(seconds);
    const day = 86_400n;
    expect(await lifetime(now - day, now + day)).toBeUndefined();
    expect(await lifetime(now + 10n, now + day)).toBe("invalidKeyPackage");
    expect(await lifetime(now - day, now - 10n)).toBe("invalidKeyPackage");
    expect(await lifetime(now - day, now + 90n * day)).toBe("invalidKeyPackage");
    expect(await lifetime(0n, 2n ** 63n - 1n)).toBe("invalidKeyPackage");
    expect(await lifetime(0n, 2n ** 64n - 1n)).toBe("invalidKeyPackage");
  });

  test("T-05 FED-980 is refused with keys that nobody can use, and when a signature is wrong", async () => {
    const { room } = await trio(59);
    const { context } = room.world;
    const at = context.now();
    const forged = async (change: Parameters<typeof forgeKeyPackage>[1]) => {
      const { keyPackage } = await forgeKeyPackage(room, change);
      const bytes = copyBytes(encodeKeyPackage(keyPackage));
      return refusal(checkKeyPackage(context, bytes, { at }));
    };
    const zero = new Uint8Array(32);
    expect(await forged((one) => one)).toBeUndefined();
    expect(await forged((one) => ({ ...one, initKey: zero }))).toBe("invalidKeyPackage");
    expect(await forged((one) => ({ ...one, initKey: one.leafNode.hpkePublicKey }))).toBe(
      "invalidKeyPackage",
    );
    expect(
      await forged((one) => ({ ...one, leafNode: { ...one.leafNode, hpkePublicKey: zero } })),
    ).toBe("invalidKeyPackage");
    expect(
      await forged((one) => ({
        ...one,
        leafNode: { ...one.leafNode, signaturePublicKey: Uint8Array.of(1, ...zero.slice(1)) },
      })),
    ).toBe("invalidKeyPackage");
    expect(await forged((one) => ({ ...one, leafNode: { ...one.leafNode, extensions: [] } }))).toBe(
      "identityInvalid",
    );
    expect(
      await forged((one) => ({
        ...one,
        leafNode: {
          ...one.leafNode,
          capabilities: { ...one.leafNode.capabilities, extensions: [] },
        },
      })),
    ).toBe("invalidKeyPackage");
    const { keyPackage } = await forgeKeyPackage(room, (one) => one);
    const bytes = copyBytes(encodeKeyPackage(keyPackage));
    const last = bytes.length - 1;
    bytes[last] = (bytes[last] ?? 0) ^ 1;
    expect(await refusal(checkKeyPackage(context, bytes, { at }))).toBe("invalidKeyPackage");
    const long = new Uint8Array(LIMITS.keyPackageBytesMax + 1);
    expect(await refusal(checkKeyPackage(context, long, { at }))).toBe("tooLarge");
  });
});

test("a group that the hub loads again goes on as before", async () => {
  const { room, alice, bob } = await trio(60);
  room.hub = await loadPublicGroup(room.world.context, room.stored);
  await commit(room, bob, { remove: [2] });
  room.hub = await loadPublicGroup(room.world.context, room.stored);
  await add(room, alice, [newcomer(room.world, "dave")]);
  expect(room.hub.store()).toEqual(room.stored);
  expect(stateOf(bob).groupContext.epoch).toBe(3n);
});
