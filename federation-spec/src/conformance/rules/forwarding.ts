import {
  forwardedRequestCodec,
  groupInfoResponseCodec,
  identifierRequestCodec,
  leaveAnswerSchema,
  leaveResponseCodec,
  mintRoomUri,
  parsePeerHeaders,
  paths,
  peerLeaveRequestCodec,
  problemOf,
  Refusal,
  submissionBatchCodec,
  submissionAnswersCodec,
  updateRoomResponseCodec,
} from "@treehouse/protocol";
import type { Bytes, RefusalCode } from "@treehouse/protocol";
import { random } from "../clients/person.ts";
import { agree, ensure, present } from "../outcome.ts";
import type { Reply } from "../peers/host.ts";
import { octets, problemReply, refusal, tls } from "../peers/reply.ts";
import type { EndpointRequest, PeerServer } from "../peers/server.ts";
import { deliverAll, followedRoom } from "../rooms/followed-room.ts";
import type { FollowedRoom } from "../rooms/followed-room.ts";
import { askGroupInfo } from "../rooms/handshakes.ts";
import { commitRequest } from "../rooms/seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { lookUp } from "./directory.ts";

/** What a server asks others for its own clients. */
export const forwardingRules: readonly Rule[] = [
  rule("FED-922", "a client's request goes on unchanged, and the answer comes back so", {
    "a message": async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      const request = await alice.message("hello");
      const answer = await alice.account.ask("POST", paths.messages(room), request);
      answer.ok("a message into a followed room");
      const items = submissionsOf(peer).filter((item) => item.room === room);
      const { client } = alice.account;
      agree("what was submitted", items, [{ room, client, request }]);
      await world.eventually("the echo", async () => {
        await alice.sync();
        return alice.position === hub.position;
      });
    },
    "a commit": async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      const prepared = await alice.prepare({});
      let response: Bytes | undefined;
      peer.scripts.set("update", async () => {
        const delivery = await hub.accept(prepared);
        response = updateRoomResponseCodec.encode({
          code: "success",
          acceptedAt: Date.now(),
          position: hub.position,
          head: hub.head(),
          firstMessagePosition: undefined,
        });
        await deliverAll(peer, [delivery]);
        return octets(response);
      });
      const request = commitRequest(prepared);
      const answer = (await alice.offer(request)).ok("a commit");
      peer.scripts.delete("update");
      const asked = lastOf(peer, "update");
      const { client } = alice.account;
      agree("the room", asked.value, room);
      agree("what was asked", forwardedRequestCodec.decode(asked.body), { client, request });
      agree("the answer", answer.body, response);
      await alice.sync();
      agree("the epoch", alice.group.epoch, hub.seat.group.epoch);
    },
    "a request for a GroupInfo": async (world) => {
      const { room, peer, alice } = await followedRoom(world);
      const { request } = askGroupInfo(alice.account, room);
      const response = groupInfoResponseCodec.encode({ status: "notAuthorized", room });
      peer.scripts.set("groupInfo", () => octets(response));
      const answer = await alice.account.ask("POST", paths.groupInfo(room), request);
      peer.scripts.delete("groupInfo");
      const asked = forwardedRequestCodec.decode(lastOf(peer, "groupInfo").body);
      agree("what was asked", asked, { client: alice.account.client, request });
      agree("the answer", answer.body, response);
    },
    leaving: async (world) => {
      const { room, peer, alice } = await followedRoom(world);
      peer.scripts.set("leave", () => tls(leaveResponseCodec, { leaves: [1, 5] }));
      const answer = await alice.account.ask("POST", paths.leave(room), {});
      peer.scripts.delete("leave");
      agree("the leaves", leaveAnswerSchema.parse(answer.json).leaves, [1, 5]);
      const asked = peerLeaveRequestCodec.decode(lastOf(peer, "leave").body);
      agree("who leaves", asked.client, alice.account.client);
    },
  }),
  rule("FED-923", "a server that does not host a room says no more than that", {
    "who does not know a room's hub asks the domain in its name": async (world) => {
      const peer = await world.knownPeer("a");
      const alice = await world.account("alice");
      const room = mintRoomUri(peer.domain, random);
      const { request } = askGroupInfo(alice, room);
      const response = groupInfoResponseCodec.encode({ status: "noSuchRoom", room });
      peer.scripts.set("groupInfo", () => octets(response));
      await alice.ask("POST", paths.groupInfo(room), request);
      peer.scripts.delete("groupInfo");
      agree("the room that was asked about", lastOf(peer, "groupInfo").value, room);
    },
  }),
  rule("FED-934", "a client hears what is about its request, and not what is between servers", {
    "what a hub says of the request": async (world) => {
      const scene = await followedRoom(world);
      const codes: readonly RefusalCode[] = [
        "notAllowed",
        "wrongEpoch",
        "removed",
        "limitExceeded",
        "versionUnsupported",
      ];
      for (const code of codes) {
        agree("what the client hears", await hears(scene, refusal(code)), code);
      }
    },
    "that a tree is gone": async (world) => {
      const { room, peer, alice } = await followedRoom(world);
      peer.scripts.set("tree", () => refusal("notFound"));
      const answer = await alice.account.ask("GET", paths.tree(room, 0));
      peer.scripts.delete("tree");
      answer.refused("a tree that the hub does not keep", "notFound");
    },
    "that an operator denies it": async (world) => {
      const scene = await followedRoom(world);
      agree("what the client hears", await hears(scene, refusal("peerDenied")), "peerDenied");
    },
    "that there is trouble on the way": async (world) => {
      const scene = await followedRoom(world);
      const codes: readonly RefusalCode[] = [
        "signatureInvalid",
        "replayed",
        "digestMismatch",
        "misdirected",
        "peerUnknown",
        "peerKeyChanged",
        "peerLimited",
      ];
      for (const code of codes) {
        const heard = await hears(scene, refusal(code, { retryAfterMs: 700 }));
        agree(`what the client hears of ${code}`, heard, "peerUnreachable");
      }
    },
    "with the time after which to try again": async (world) => {
      const { peer, alice } = await followedRoom(world);
      peer.scripts.set("update", () => refusal("peerLimited", { retryAfterMs: 4_321 }));
      const answer = await alice.offer(commitRequest(await alice.prepare({})));
      peer.scripts.delete("update");
      await alice.group.discard();
      const wait = answer.member("retryAfterMs");
      ensure(typeof wait === "number" && wait >= 4_321, `retryAfterMs is ${String(wait)}`);
    },
  }),
  rule("FED-503", "an unknown code counts as its class", {
    "of a request": async (world) => {
      const scene = await followedRoom(world);
      const { title, detail, advice } = problemOf(new Refusal("conflict", "of the future"));
      const type = "urn:treehouse:problem:ofTheFuture";
      const later = (status: number): Reply =>
        problemReply(status, { type, title, status, detail, advice });
      agree("a 4xx", await hears(scene, later(418)), "malformed");
      const other = await hears(scene, later(599));
      ensure(other === "internal" || other === "peerUnreachable", `a 5xx is heard as ${other}`);
    },
    "of a message in a batch": async (world) => {
      const { room, peer, alice } = await followedRoom(world);
      peer.scripts.set("submitMessage", () =>
        tls(submissionAnswersCodec, {
          answers: [
            {
              status: "refused",
              code: "ofTheFuture",
              detail: "",
              currentEpoch: undefined,
              retryAfterMs: undefined,
              hub: undefined,
            },
          ],
        }),
      );
      const answer = await alice.account.ask(
        "POST",
        paths.messages(room),
        await alice.message("?"),
      );
      peer.scripts.delete("submitMessage");
      answer.refused("a message with an unknown answer", "internal", "peerUnreachable");
    },
  }),
  rule("FED-936", "without an answer the same octets go again under the same transaction id", {
    "a message": async (world) => {
      const { room, peer, alice } = await followedRoom(world);
      const before = peer.requests("submitMessage").length;
      let dropped = 0;
      peer.scripts.set("submitMessage", (_request, usual) => (dropped++ === 0 ? "drop" : usual()));
      const request = await alice.message("hello?");
      // The server tries again by itself, or says that the client should.
      await world.eventually(
        "the message to be taken",
        async () => (await alice.account.ask("POST", paths.messages(room), request)).succeeded,
      );
      peer.scripts.delete("submitMessage");
      sameAgain(peer.requests("submitMessage").slice(before));
      await world.eventually("the echo", async () => {
        await alice.sync();
        return alice.entries.filter(({ kind }) => kind === "application").length === 1;
      });
    },
    "a look-up": async (world) => {
      const peer = await world.knownPeer("answering");
      const { name } = peer.user(`again-${peer.users.size}`).person;
      const before = peer.requests("identifierQuery").length;
      let dropped = 0;
      peer.scripts.set("identifierQuery", (_request, usual) =>
        dropped++ === 0 ? "drop" : usual(),
      );
      await world.eventually(
        "the look-up to be answered",
        async () => (await lookUp(world, peer.domain, name)).succeeded,
      );
      peer.scripts.delete("identifierQuery");
      const asked = peer.requests("identifierQuery").slice(before);
      for (const { body } of asked) identifierRequestCodec.decode(body);
      sameAgain(asked);
    },
  }),
];

/** The first two requests are one and the same, signed anew. */
function sameAgain([first, second]: readonly EndpointRequest[]): void {
  const [one, two] = [present(first, "nothing was asked"), present(second, "it did not ask again")];
  agree("the octets of the second request", two.body, one.body);
  agree("its transaction id", idOf(two), idOf(one));
  const nonces = [one, two].map(({ headers }) => headers["signature-input"]?.[0]);
  ensure(nonces[0] !== nonces[1], "it was not signed anew");
}

function idOf({ headers }: EndpointRequest): string {
  return parsePeerHeaders(headers).transactionId;
}

/** The code that Alice's client gets when the hub answers a commit so. */
async function hears({ peer, alice }: FollowedRoom, reply: Reply): Promise<string | undefined> {
  peer.scripts.set("update", () => reply);
  const answer = await alice.offer(commitRequest(await alice.prepare({})));
  peer.scripts.delete("update");
  await alice.group.discard();
  return answer.code;
}

function submissionsOf(peer: PeerServer) {
  return peer
    .requests("submitMessage")
    .flatMap(({ body }) => submissionBatchCodec.decode(body).items);
}

function lastOf(peer: PeerServer, endpoint: EndpointRequest["endpoint"]): EndpointRequest {
  return present(peer.requests(endpoint).at(-1), `${endpoint} was not asked`);
}
