/** Joining a group that is so large that signatures are verified on other threads first. */
import { type Bytes, leafIdentityCodec, toHex } from "@treehouse/protocol";
import { expect, test } from "vitest";

import { countingCrypto, populate } from "../../src/bench/index.ts";
import type { MlsCrypto } from "../../src/crypto/index.ts";
import { createKeyPackage, joinExternal, joinWelcome } from "../../src/member/index.ts";
import { loadPublicGroup } from "../../src/public/index.ts";
import { createWorld, newRoom } from "../world/people.ts";
import { seededRandom } from "../world/random.ts";
import { none } from "../world/room.ts";

const members = 130;

/** `forged`: whose certificate was not signed by its user's identity key, if any. */
async function large(seed: number, forged: number | undefined) {
  const random = seededRandom(seed);
  const { crypto, take } = countingCrypto({ random: (length) => random.bytes(length) });
  const { verifyElsewhere: threads, ...inPlace } = crypto;
  if (threads === undefined) throw new Error("nothing is verified elsewhere");
  const providers: readonly MlsCrypto[] = [crypto, inPlace];
  // The member who makes the commits passes over what is wrong in them.
  const world = createWorld(seed + 1, () => ({ ...inPlace, verify: () => true }));
  const users = Array.from({ length: members }, (_, index) => world.user(`m${index}`));
  const [founder] = users;
  if (founder === undefined) throw new Error("nobody");
  const clients = users.map((user, index) => {
    const client = world.client(user);
    if (index !== forged) return client;
    const identity = leafIdentityCodec.decode(client.leafIdentity);
    const certificate = {
      ...identity.certificate,
      signature: identity.certificate.signature.toReversed(),
    };
    return { ...client, leafIdentity: leafIdentityCodec.encode({ ...identity, certificate }) };
  });
  const { memberAt, publicGroup } = await populate(world.context, clients, newRoom(world, founder));
  return { world, take, providers, member: memberAt(0), publicGroup };
}

test("T-22 every signature of a large tree is verified once, on whatever thread", async () => {
  const { world, take, providers, member } = await large(51, undefined);
  const identity = world.client(world.user("late"));
  const options = { lifetimeMs: 1_000_000_000, lastResort: false };
  const { keyPackage, ref, secret } = await createKeyPackage(world.context, identity, options);
  const prepared = await member.prepareCommit({ add: [keyPackage] }, none);
  await member.adopt(prepared);
  if (prepared.welcome === undefined) throw new Error("nobody is welcomed");
  const input = {
    welcome: prepared.welcome,
    ratchetTree: member.ratchetTree(),
    secrets: (wanted: Uint8Array) => (toHex(wanted) === toHex(ref) ? secret : undefined),
    at: world.context.now(),
  };
  const counts: number[] = [];
  for (const crypto of providers) {
    take();
    const { group } = await joinWelcome({ ...world.context, crypto }, identity, input);
    counts.push(take().verifies);
    expect(group.epochAuthenticator()).toEqual(member.epochAuthenticator());
  }
  expect(counts[0]).toBe(counts[1]);
  expect(counts[0]).toBeGreaterThanOrEqual(3 * members);
});

test("T-22 a forged certificate in a large tree is refused by the same rule on any thread", async () => {
  const { world, providers, publicGroup } = await large(53, 77);
  const identity = world.client(world.user("late"));
  const offer = {
    groupInfo: publicGroup.groupInfo,
    ratchetTree: publicGroup.ratchetTree(),
    authenticatedData: none,
    at: world.context.now(),
  };
  for (const crypto of providers) {
    const coming = joinExternal({ ...world.context, crypto }, identity, offer);
    const data = { rule: "identityCertificate" };
    await expect(coming).rejects.toMatchObject({ code: "identityInvalid", data });
  }
});

test("T-39 what many newcomers are signed with is verified once, and one forgery refuses them all", async () => {
  const { world, take, providers, member, publicGroup } = await large(57, undefined);
  const at = world.context.now();
  const uploadOf = async (forged: number | undefined) => {
    const add: Bytes[] = [];
    for (let index = 0; index < 20; index += 1) {
      const client = world.client(world.user(`new${index}`));
      const identity = leafIdentityCodec.decode(client.leafIdentity);
      const signature = identity.attestation.signature.toReversed();
      const attestation = { ...identity.attestation, signature };
      const leafIdentity = leafIdentityCodec.encode({ ...identity, attestation });
      const made = index === forged ? { ...client, leafIdentity } : client;
      const options = { lifetimeMs: 1_000_000_000, lastResort: false };
      add.push((await createKeyPackage(world.context, made, options)).keyPackage);
    }
    const { commit, groupInfo, welcome } = await member.prepareCommit({ add }, none);
    await member.discard();
    if (welcome === undefined) throw new Error("nobody is welcomed");
    return { commit, groupInfo, welcome, at };
  };
  const [good, bad] = [await uploadOf(undefined), await uploadOf(13)];
  for (const crypto of providers) {
    const hub = await loadPublicGroup({ crypto }, publicGroup.store());
    take();
    expect((await hub.checkCommit(good)).added).toHaveLength(20);
    // Beside theirs that of the commit, and that of the GroupInfo.
    expect(take().verifies).toBe(4 * 20 + 2);
    const data = { rule: "identityAttestation" };
    await expect(hub.checkCommit(bad)).rejects.toMatchObject({ code: "identityInvalid", data });
  }
});
