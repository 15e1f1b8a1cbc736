import {
  checkClientList,
  identifierRequestCodec,
  identifierResponseCodec,
  keyMaterialRequestCodec,
  keyMaterialResponseCodec,
  mintRoomUri,
  signedClientListCodec,
  toHex,
  userUri,
  verifyClientListCountersignature,
} from "@treehouse/protocol";
import type { Bytes, KeyMaterialRequest, RoomUri, UserUri } from "@treehouse/protocol";
import type { Account } from "../clients/account.ts";
import { unchanged } from "../clients/account.ts";
import { keyMaterialRequest, newKey, random } from "../clients/person.ts";
import type { Answer } from "../http/answer.ts";
import { agree, ensure, present } from "../outcome.ts";
import type { PeerServer } from "../peers/server.ts";
import { befriend, claimed, friendOfAlice } from "../rooms/followed-room.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { verifySignature } from "../../signing-keys.ts";
import type { World } from "../world.ts";

/** Users, as servers tell each other of them, and their KeyPackages. */
export const claimRules: readonly Rule[] = [
  rule("FED-929", "a request for KeyPackages is for the user in its path", {
    "the path and the request agree": async (world) => {
      const { peer, alice, friend } = await friends(world);
      const request = encoded(keyMaterialRequest(friend.person, alice.user, undefined));
      await unchanged([alice], async () => {
        const other = world.nobody();
        const answer = await peer.ask({ endpoint: "keyMaterial", value: other, body: request });
        answer.refused("another user in the path", "malformed");
      });
    },
    "only the user's server, or the hub of the room, is asked": async (world) => {
      const { peer, friend } = await friends(world);
      const { domain } = await world.knownPeer("b");
      const target = userUri(domain, "somebody");
      const body = encoded(keyMaterialRequest(friend.person, target, undefined));
      const answer = await peer.ask({ endpoint: "keyMaterial", value: target, body });
      ensure(!answer.succeeded, "it answers for a user of another server");
    },
    "whether the room is there makes no difference": async (world) => {
      const { peer, alice, friend } = await friends(world);
      const room = mintRoomUri(world.subject.domain, random);
      await claimed(world, peer, friend, alice, room);
    },
    "a hub passes it on unchanged, and the answer back": async (world) => {
      const { room, guest, peer } = await hostedRoom(world);
      const friend = present(peer.users.get(guest.member.user), "the guest is no user");
      const other = await world.knownPeer("b");
      const target = other.user(`target-${other.users.size}`);
      target.lets.add(friend.user);
      const body = encoded(keyMaterialRequest(friend.person, target.user, room));
      const answer = await peer.ask({ endpoint: "keyMaterial", value: target.user, body });
      const { status, clients } = answer.struct(
        "a claim through the hub",
        keyMaterialResponseCodec,
      );
      agree("its status", [status, clients.length], ["success", 1]);
      const passed = present(other.requests("keyMaterial").at(-1), "it was not passed on");
      agree("what was passed on", [passed.value, passed.body], [target.user, body]);
    },
  }),
  rule("FED-250", "the asking client signs a claim, so that nobody changes it on the way", {
    "one that was changed is refused": async (world) => {
      const { peer, alice, friend } = await friends(world);
      await claimed(world, peer, friend, alice, undefined);
      const good = keyMaterialRequest(friend.person, alice.user, undefined);
      const changed = {
        "another room": { ...good, room: mintRoomUri(peer.domain, random) },
        "other suites": { ...good, acceptableCiphersuites: [1, 3] },
      };
      await refusesClaims(peer, alice, changed, "identityInvalid");
    },
  }),
  rule("FED-930", "a claim is believed for its signature and the requester's client list", {
    "what is not signed by a listed client is refused": async (world) => {
      const { peer, alice, friend } = await friends(world);
      await claimed(world, peer, friend, alice, undefined);
      const good = keyMaterialRequest(friend.person, alice.user, undefined);
      const stranger = newKey();
      const other = peer.user(`other-${peer.users.size}`);
      const wrong: Readonly<Record<string, KeyMaterialRequest>> = {
        "a signature of another request": {
          ...good,
          signature: keyMaterialRequest(friend.person, world.nobody(), undefined).signature,
        },
        "a key that is not in the list": keyMaterialRequest(
          { ...friend.person, keys: stranger },
          alice.user,
          undefined,
        ),
        "a credential of another client": keyMaterialRequest(
          { ...friend.person, client: other.client },
          alice.user,
          undefined,
        ),
        "a client of another user": keyMaterialRequest(
          { ...other.person, user: friend.user },
          alice.user,
          undefined,
        ),
      };
      await refusesClaims(peer, alice, wrong, "identityInvalid");
    },
    "a list for which the requester's server does not vouch is none": async (world) => {
      const { peer, alice } = await friends(world);
      const friend = await befriend(peer, alice);
      friend.clientList = { ...friend.clientList, countersignature: new Uint8Array(64) };
      const good = keyMaterialRequest(friend.person, alice.user, undefined);
      await refusesClaims(peer, alice, { "a claim": good }, "identityInvalid");
    },
    "a server does not claim for another server's users": async (world) => {
      const { alice, friend } = await friends(world);
      const other = await world.knownPeer("b");
      const good = keyMaterialRequest(friend.person, alice.user, undefined);
      await refusesClaims(
        other,
        alice,
        { "a claim": good },
        "clientMismatch",
        "identityInvalid",
        "notAllowed",
      );
    },
  }),
  rule("FED-931", "an identifier query gives the newest client list, which is countersigned", {
    "of a user of this server": async (world) => {
      const alice = await world.account("alice");
      const peer = await world.knownPeer("a");
      const response = await query(world, peer, alice.user);
      ensure(response.status === "success", `the answer is ${response.status}`);
      const signed = signedClientListCodec.decode(response.clientList);
      agree("the list", signed.list, alice.clientList.list);
      checkClientList(signed, { verify: verifySignature });
      const vouching = response.countersigners.find(({ kid }) => kid === signed.countersigner);
      const { key } = present(vouching, "the key that countersigns is not given");
      ensure(
        verifyClientListCountersignature(signed, key, verifySignature),
        "the countersignature is not the list's",
      );
    },
    "of nobody else": async (world) => {
      const peer = await world.knownPeer("a");
      const other = await world.knownPeer("b");
      const elsewhere = other.user(`elsewhere-${other.users.size}`).user;
      for (const user of [world.nobody(), elsewhere]) {
        const { status } = await query(world, peer, user);
        ensure(status !== "success", "a user is told of who is none of this server");
      }
    },
  }),
  rule("FED-933", "a repeated claim has the same answer, and takes no second KeyPackage", {
    "the same transaction with the same body": async (world) => {
      const { peer, alice, friend } = await friends(world);
      await world.stockUp(alice);
      const before = await alice.stock();
      const transactionId = toHex(random(16));
      const body = encoded(keyMaterialRequest(friend.person, alice.user, undefined));
      const question = { endpoint: "keyMaterial", value: alice.user, body, transactionId } as const;
      const first = await peer.ask(question);
      agree("the status", statusOf(first), "success");
      agree("the answer to the same again", (await peer.ask(question)).body, first.body);
      agree("KeyPackages that were taken", before - (await alice.stock()), 1);
      const other = await peer.ask({ ...question, transactionId: toHex(random(16)) });
      ensure(toHex(other.body) !== toHex(first.body), "two transactions got one KeyPackage");
    },
    "the same transaction with another body": async (world) => {
      const { peer, alice, friend } = await friends(world);
      await world.stockUp(alice);
      const transactionId = toHex(random(16));
      const claim = async (room: RoomUri | undefined): Promise<Answer> =>
        peer.ask({
          endpoint: "keyMaterial",
          value: alice.user,
          body: encoded(keyMaterialRequest(friend.person, alice.user, room)),
          transactionId,
        });
      agree("the status", statusOf(await claim(undefined)), "success");
      await unchanged([alice], async () => {
        const answer = await claim(mintRoomUri(peer.domain, random));
        answer.refused("another body", "transactionConflict");
      });
    },
  }),
  rule("FED-252", "a KeyPackage is given out once", {
    "however many claims come at a time": async (world) => {
      const { peer, alice, friend } = await friends(world);
      await world.stockUp(alice);
      const body = encoded(keyMaterialRequest(friend.person, alice.user, undefined));
      const question = { endpoint: "keyMaterial", value: alice.user, body } as const;
      const answers = await Promise.all([1, 2, 3].map(() => peer.ask(question)));
      const given = answers.map((answer) => {
        const [client] = answer.struct("a claim", keyMaterialResponseCodec).clients;
        return client?.status === "success" ? toHex(client.keyPackage) : "none";
      });
      agree("different KeyPackages", new Set(given).size, given.length);
    },
  }),
  rule("FED-963", "without consent there are no KeyPackages, and nobody learns why", {
    "users without consent, unknown ones and those who block are one answer": async (world) => {
      const { peer, alice, friend } = await friends(world);
      const bob = await world.account("bob");
      await world.stockUp(bob);
      const blocked = await befriend(peer, bob);
      await bob.toContact("contactBlock", blocked.user);
      const answers: Bytes[] = [];
      await unchanged([alice, bob], async () => {
        for (const [target, requester] of [
          [bob.user, friend],
          [bob.user, blocked],
          [world.nobody(), friend],
        ] as const) {
          const body = encoded(keyMaterialRequest(requester.person, target, undefined));
          const answer = await peer.ask({ endpoint: "keyMaterial", value: target, body });
          const response = answer.struct("a claim without consent", keyMaterialResponseCodec);
          agree("its status", [response.status, response.clients], ["noConsent", []]);
          agree("its user", response.user, target);
          answers.push(answer.body.slice(0, 2));
        }
      });
      agree(
        "how they begin",
        answers,
        answers.map(() => answers[0]),
      );
    },
  }),
];

/** Alice, and a user of the suite's server whom she lets add her. */
async function friends(world: World) {
  const { peer, host } = await friendOfAlice(world, "claiming");
  return { peer, alice: await world.account("alice"), friend: host };
}

async function refusesClaims(
  peer: PeerServer,
  alice: Account,
  wrong: Readonly<Record<string, KeyMaterialRequest>>,
  ...codes: readonly [string, ...string[]]
): Promise<void> {
  await unchanged([alice], async () => {
    for (const [what, request] of Object.entries(wrong)) {
      const body = encoded(request);
      const answer = await peer.ask({ endpoint: "keyMaterial", value: alice.user, body });
      ensure(
        codes.includes(answer.code ?? ""),
        `${what}: expected ${codes.join(" or ")}, got ${answer.describe()}`,
      );
    }
  });
}

async function query(world: World, peer: PeerServer, user: UserUri) {
  const { domain } = world.subject;
  const body = identifierRequestCodec.encode({ user });
  const answer = await peer.ask({ endpoint: "identifierQuery", value: domain, body });
  return answer.struct("an identifier query", identifierResponseCodec);
}

function statusOf(answer: Answer): string {
  return answer.struct("a claim", keyMaterialResponseCodec).status;
}

function encoded(request: KeyMaterialRequest): Bytes {
  return keyMaterialRequestCodec.encode(request);
}
