import { keyMaterialRequestCodec, keyMaterialResponseCodec, toHex } from "@treehouse/protocol";
import type { KeyMaterialRequest, KeyMaterialResponse } from "@treehouse/protocol";
import { enrol, uploaded } from "./holder.ts";
import type { Holder } from "./holder.ts";
import { testCrypto } from "./person.ts";
import { act, openTwoServers } from "./two-servers.ts";
import type { TwoServers } from "./two-servers.ts";

export type People = TwoServers & { readonly alice: Holder; readonly bob: Holder };

/** Alice of server a, and Bob of server b with KeyPackages. */
export async function openPeople(
  options: Parameters<typeof openTwoServers>[0] & { readonly made?: number } = {},
): Promise<People> {
  const { made = 3, ...rest } = options;
  const world = await openTwoServers(rest);
  const alice = await enrol(world.a, "alice");
  const bob = await enrol(world.b, "bob");
  const packages = [];
  for (let count = 0; count < made; count += 1) packages.push(await bob.make({}));
  await uploaded(world.b, bob, packages);
  return Object.assign(world, { alice, bob });
}

export async function befriend(world: People): Promise<void> {
  await act(world.a, world.alice, "request", world.bob.user);
  await world.deliver();
  await act(world.b, world.bob, "accept", world.alice.user);
  await world.deliver();
}

/** A claim as another server hands it on. */
export async function claimByPeer(
  { a, b }: People,
  request: KeyMaterialRequest,
  transactionId = toHex(testCrypto.random(16)),
  peer = a.domain,
): Promise<KeyMaterialResponse> {
  const answer = await b.keyPackages.answerPeer({
    peer,
    transactionId,
    request: keyMaterialRequestCodec.encode(request),
  });
  return keyMaterialResponseCodec.decode(answer);
}
