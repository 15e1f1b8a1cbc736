import {
  keyMaterialRequestCodec,
  mintClientUri,
  mintRoomUri,
  NetworkFault,
  parseDomain,
  userUri,
  utf8Encode,
} from "@treehouse/protocol";
import type { Bytes, RoomUri, UserUri } from "@treehouse/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { homeName, hubName, LinkedServers, thirdName } from "../federation/linked-servers.ts";

const octets = (length: number, value = 7) => new Uint8Array(length).fill(value);
const hub = parseDomain(hubName);
const home = parseDomain(homeName);
const alice = userUri(home, "alice");
const client = mintClientUri(alice, octets);
const room = mintRoomUri(hub, octets);

let servers: LinkedServers;
beforeEach(() => {
  servers = new LinkedServers();
});
afterEach(() => servers[Symbol.asyncDispose]());

test("FED-929 FED-933 a claim goes through the hub of its room, under an id of its own", async () => {
  const bob = userUri(parseDomain(thirdName), "bob");
  const claims: (readonly [string, string])[] = [];
  const third = await servers.open(thirdName, {
    localUsers: {
      claim: async (peer, body, transactionId) => {
        claims.push([peer, transactionId]);
        return body;
      },
    },
  });
  const there = await servers.open(hubName, { hosted: { checkFollowedBy: async () => {} } });
  const here = await servers.open(homeName);
  const { users } = here.federation;
  const request = claimOf(bob, room);
  // The first attempt breaks on its way back: the repetition has the same id, at the target, too.
  let attempts = 0;
  here.beforePost = () => {
    if ((attempts += 1) === 1) throw new NetworkFault("broken", "cut off");
  };
  expect(await users.claim(bob, room, request)).toEqual(request);
  expect([there.count("keyMaterial"), third.count("keyMaterial")]).toEqual([1, 1]);
  const [first] = there.arrived;
  expect(claims).toEqual([[hub, expect.stringMatching(/^[0-9a-f]{32}$/)]]);
  expect(claims[0]?.[1]).not.toBe(first?.transactionId);
  expect(third.arrived[0]?.body).toEqual(request);
  // Without a room, or if the hub is the user's own server, it goes straight there.
  const straight = claimOf(bob, undefined);
  expect(await users.claim(bob, undefined, straight)).toEqual(straight);
  expect(claims[1]?.[0]).toBe(home);
  expect(there.count("keyMaterial")).toBe(1);
});

test("FED-929 a claim is passed on for nobody else, and to nobody who is not its target", async () => {
  const bob = userUri(parseDomain(thirdName), "bob");
  const third = await servers.open(thirdName, { localUsers: { claim: async (_, body) => body } });
  await servers.open(hubName);
  const here = await servers.open(homeName);
  const ask = (target: UserUri, request: Bytes) =>
    here.federation.users.forward(hub, target, request, "0".repeat(32));
  const elsewhere = mintRoomUri(parseDomain(thirdName), octets);
  await expect(ask(bob, claimOf(bob, elsewhere))).rejects.toMatchObject({ code: "notHub" });
  await expect(ask(bob, claimOf(bob, undefined))).rejects.toMatchObject({ code: "notHub" });
  const foreign = claimOf(bob, room, userUri(parseDomain(thirdName), "mallory"));
  await expect(ask(bob, foreign)).rejects.toMatchObject({ code: "clientMismatch" });
  await expect(ask(userUri(hub, "dave"), claimOf(bob, room))).rejects.toMatchObject({
    code: "malformed",
  });
  // Not even by the hub that a room names, unless it has that room and the asker is in it.
  await expect(ask(bob, claimOf(bob, room))).rejects.toMatchObject({ code: "unknownRoom" });
  expect(third.arrived).toEqual([]);
});

function claimOf(target: UserUri, name: RoomUri | undefined, requester = alice): Bytes {
  const requiredCapabilities = { extensions: [], proposals: [], credentials: [] };
  return keyMaterialRequestCodec.encode({
    requestingUser: requester,
    targetUser: target,
    room: name,
    acceptableCiphersuites: [1],
    requiredCapabilities,
    requesterSignatureKey: octets(32),
    requesterCredential: { identity: utf8Encode(client) },
    signature: octets(64),
  });
}
