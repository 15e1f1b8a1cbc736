import {
  type Bytes,
  decodeRoomState,
  encodeRoomState,
  parseDomain,
  Refusal,
  type RoomState,
  signHubConsent,
} from "@treehouse/protocol";
import { expect, test } from "vitest";

import { registerGroup } from "../../src/public/index.ts";
import { add, deliver, newcomer, none } from "../world/room.ts";
import { read, send, trio } from "../world/trio.ts";

const other = parseDomain("other.example");

async function world(seed: number) {
  const three = await trio(seed);
  const { room } = three;
  const { crypto, now } = room.world.context;
  const state = decodeRoomState(room.hub.roomState);
  const keys = crypto.generateSignatureKeyPair();
  const named = { hub: other, hubKey: keys.publicKey, term: state.term + 1 };
  const notAfter = now() + 60_000;
  const consent = (changed: Partial<typeof named> = {}, key = keys.privateKey) =>
    signHubConsent(room.hub.group, { ...named, ...changed }, notAfter, (message) =>
      crypto.sign(key, message),
    );
  const after = (change: Partial<RoomState>) =>
    encodeRoomState({ ...state, ...named, hubConsent: consent(), ...change });
  return { ...three, crypto, state, keys, named, consent, after };
}

test("R-015 FED-1120 FED-1121 FED-987 a commit hands a room over to a hub that consents", async () => {
  const { room, alice, bob, carol, keys, after } = await world(51);
  const prepared = await alice.group.prepareCommit({ roomState: after({}) }, none);
  await deliver(room, alice, prepared);
  expect(room.hub.externalSenders).toEqual([{ signatureKey: keys.publicKey, identity: other }]);
  const { messages } = await room.hub.proposeRemovals([2], { hubPrivateKey: keys.privateKey });
  const [removal] = messages;
  if (removal === undefined) throw new Error("Nothing is proposed.");
  for (const { group } of room.members) await group.processProposal(removal);
  room.hub = (await room.hub.checkProposals([removal], 0)).group;
  const { results } = await deliver(room, bob, await bob.group.prepareCommit({}, none));
  expect(results.get(carol)?.removedSelf).toBe(true);
  await add(room, bob, [newcomer(room.world, "dave")]);
  expect(await read(alice, await send(bob, "still here"))).toBe("still here");
  // What a server is given with which it begins to be the hub is all that it needs.
  const taken = await registerGroup(room.world.context, {
    groupInfo: room.hub.groupInfo,
    ratchetTree: room.hub.ratchetTree(),
    at: room.world.context.now(),
    leavesMax: 4,
  });
  expect(taken.treeHash).toEqual(room.hub.treeHash);
  expect(taken.roomState).toEqual(room.hub.roomState);
});

test("FED-1122 no other change of the hub is valid", async () => {
  const { room, alice, state, keys, crypto, consent, after, named } = await world(52);
  const stranger = crypto.generateSignatureKeyPair();
  const { hub, term } = state;
  const key = { hubKey: room.world.hub.publicKey };
  const cases: readonly [string, Bytes][] = [
    ["without consent", encodeRoomState({ ...state, ...named })],
    ["with another's consent", after({ hubConsent: consent({}, stranger.privateKey) })],
    ["with consent to another term", after({ hubConsent: consent({ term: term + 2 }) })],
    ["with consent of another name", after({ hubConsent: consent({ hub }) })],
    ["with consent for another key", after({ hubKey: stranger.publicKey })],
    ["at the same term", after({ term, hubConsent: consent({ term }) })],
    ["to another key of the same hub", after({ hub, hubConsent: consent({ hub }) })],
    ["of the term alone", encodeRoomState({ ...state, term: term + 1 })],
    ["by a consent alone", encodeRoomState({ ...state, ...key, hubConsent: consent() })],
  ];
  for (const [name, roomState] of cases) {
    const tried = alice.group.prepareCommit({ roomState }, none).then(
      () => "taken",
      (error: unknown) => (error instanceof Refusal ? error.code : String(error)),
    );
    expect([name, await tried]).toEqual([name, "invalidCommit"]);
  }
  // Nor does the new key do anything before.
  const early = room.hub.proposeRemovals([1], { hubPrivateKey: keys.privateKey });
  await expect(early).rejects.toMatchObject({ code: "invalidProposal" });
});

test("FED-1122 T-13 a consent that is over is none", async () => {
  const { room, alice, after } = await world(53);
  const prepared = await alice.group.prepareCommit({ roomState: after({}) }, none);
  const at = room.world.context.now() + 61_000;
  const refused = room.hub.checkCommit({ ...prepared, at });
  await expect(refused).rejects.toMatchObject({ code: "invalidCommit" });
});
