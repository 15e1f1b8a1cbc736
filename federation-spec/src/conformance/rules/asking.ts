import {
  domainOf,
  endpointNames,
  forwardedRequestCodec,
  mintRoomUri,
  peerLeaveRequestCodec,
  treeRequestCodec,
} from "@treehouse/protocol";
import type { ClientUri, RoomUri } from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import { random } from "../clients/person.ts";
import { agree, ensure } from "../outcome.ts";
import { withHeader } from "../peers/ask.ts";
import type { Question } from "../peers/ask.ts";
import type { PeerServer } from "../peers/server.ts";
import { askGroupInfo, namesRule, refusedHandshake, update } from "../rooms/handshakes.ts";
import { followedRoom } from "../rooms/followed-room.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import { submit } from "../rooms/remote-seat.ts";
import { commitRequest, proposalRequest } from "../rooms/seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { valueFor } from "./endpoints.ts";
import { knock, makeKnock, refuses } from "./knock.ts";
import { seenIn } from "./seen.ts";

/** Who asks whom for what. */
export const askingRules: readonly Rule[] = [
  rule(
    "FED-920",
    "every request is a POST of the media type, and the answer a struct or a refusal",
    {
      "another media type is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const type = (value: string) => ({ headers: withHeader("content-type", value) });
        await refuses(world, peer, {
          JSON: [type("application/json"), "unsupportedMediaType"],
          octets: [type("application/octet-stream"), "unsupportedMediaType"],
          none: [
            { headers: (all) => all.filter(([name]) => name !== "content-type") },
            "unsupportedMediaType",
          ],
        });
      },
      "another method is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const made = await makeKnock(world, peer);
        for (const method of ["GET", "PUT", "DELETE"]) {
          const answer = await knock(made, { signed: { method }, sent: { method } });
          answer.refused(`a batch by ${method}`, "methodNotAllowed", "notFound", "unsupported");
        }
      },
      "each endpoint of the directory is there": async (world) => {
        const peer = await world.knownPeer("a");
        for (const endpoint of endpointNames) {
          const value = valueFor(endpoint, world.subject.domain);
          const answer = await peer.ask({ endpoint, value, body: new Uint8Array(1) });
          const gone = ["notFound", "unsupported", "methodNotAllowed"].includes(answer.code ?? "");
          ensure(!gone, `${endpoint} is answered ${answer.describe()}`);
        }
      },
      "what is none is refused": async (world) => {
        const peer = await world.knownPeer("a");
        const made = await makeKnock(world, peer);
        const path = "/an/endpoint/that/is/none";
        const answer = await knock(made, { signed: { path }, sent: { path } });
        answer.refused("another path", "unsupported", "notFound");
      },
    },
    { last: { "its own requests are so": seenIn("FED-920") } },
  ),
  rule("FED-921", "a server speaks for its own clients alone", {
    "for a client of another domain everything is refused": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const other = (await world.knownPeer("b")).user("mute");
      const commit = commitRequest(await guest.prepare({}));
      const { request } = askGroupInfo(guest.member, room);
      await unchanged([alice.account], async () => {
        for (const client of [alice.member.client, other.client]) {
          const name = domainOf(client);
          refusedHandshake(
            `a commit for a client of ${name}`,
            await update(peer, room, client, commit),
            "clientMismatch",
          );
          for (const question of questionsFor(room, client, request)) {
            const what = `${question.endpoint} for a client of ${name}`;
            (await peer.ask(question)).refused(what, "clientMismatch");
          }
          const message = await guest.submission("not mine");
          const [answer] = await submit(peer, [{ ...message, client }]);
          agree("what became of a message", codeOf(answer), "clientMismatch");
        }
      });
      await guest.group.discard();
    },
  }),
  rule("FED-923", "a server that does not host a room says no more than that", {
    "a room that is not there is unknown": async (world) => {
      const { guest, peer } = await hostedRoom(world);
      const unknown = mintRoomUri(world.subject.domain, random);
      await refusesAbout(unknown, guest.member.client, peer);
    },
    "so is one that it follows, for whoever asks it as a hub": async (world) => {
      const { room, peer, host } = await followedRoom(world);
      await refusesAbout(room, host.client, peer);
      const other = await world.knownPeer("b");
      await refusesAbout(room, other.user("curious").client, other);
    },
  }),
  rule("FED-924", "what is inside a request is of the room that is named", {
    "a commit of another group is refused": async (world) => {
      const first = await hostedRoom(world);
      const second = await hostedRoom(world);
      const commit = commitRequest(await first.guest.prepare({}));
      await unchanged([first.alice.account], async () => {
        const { client } = second.guest.member;
        const answer = await update(first.peer, second.room, client, commit);
        refusedHandshake("a commit of another group", answer, "invalidCommit", "clientMismatch");
      });
      await first.guest.group.discard();
    },
    "a proposal of another group is refused": async (world) => {
      const first = await hostedRoom(world);
      const second = await hostedRoom(world);
      const { guest } = first;
      const own = second.guest;
      const stray = await guest.group.proposeRemoval(guest.group.ownLeaf, guest.aad());
      const good = await own.group.proposeRemoval(own.group.ownLeaf, own.aad());
      await unchanged([first.alice.account], async () => {
        for (const [what, request] of [
          ["a proposal of another group", proposalRequest(stray)],
          ["a good one and a proposal of another group", proposalRequest(good, stray)],
        ] as const) {
          const answer = await update(second.peer, second.room, own.member.client, request);
          refusedHandshake(what, answer, "invalidProposal");
          namesRule(what, answer, "groupId");
        }
      });
    },
    "a message of another group is refused": async (world) => {
      const first = await hostedRoom(world);
      const second = await hostedRoom(world);
      const message = await first.guest.submission("stray");
      await unchanged([first.alice.account], async () => {
        const { client } = second.guest.member;
        const strays = [{ ...message, room: second.room, client }];
        const [answer] = await submit(first.peer, strays);
        const code = codeOf(answer);
        ensure(
          code === "invalidMessage" || code === "clientMismatch",
          `a message of another group is ${code}`,
        );
      });
    },
    "a request for another room's GroupInfo is refused": async (world) => {
      const first = await hostedRoom(world);
      const second = await hostedRoom(world);
      const { client } = second.guest.member;
      const { request } = askGroupInfo(second.guest.member, first.room);
      const body = forwardedRequestCodec.encode({ client, request });
      const answer = await second.peer.ask({ endpoint: "groupInfo", value: second.room, body });
      ensure(!answer.succeeded || answer.body.length < 256, "the GroupInfo is given away");
    },
  }),
];

/** The code with which a submission was refused; undefined if it was not. */
export function codeOf(
  answer: Awaited<ReturnType<typeof submit>>[number] | undefined,
): string | undefined {
  return answer?.status === "refused" ? answer.code : undefined;
}

function questionsFor(
  room: RoomUri,
  client: ClientUri,
  request: Uint8Array<ArrayBuffer>,
): Question[] {
  return [
    {
      endpoint: "groupInfo",
      value: room,
      body: forwardedRequestCodec.encode({ client, request }),
    },
    { endpoint: "tree", value: room, body: treeRequestCodec.encode({ client, epoch: 1 }) },
    {
      endpoint: "leave",
      value: room,
      body: peerLeaveRequestCodec.encode({ client, leaver: "user" }),
    },
  ];
}

async function refusesAbout(room: RoomUri, client: ClientUri, peer: PeerServer): Promise<void> {
  const tree = treeRequestCodec.encode({ client, epoch: 0 });
  (await peer.ask({ endpoint: "tree", value: room, body: tree })).refused("tree", "unknownRoom");
  const leave = peerLeaveRequestCodec.encode({ client, leaver: "user" });
  (await peer.ask({ endpoint: "leave", value: room, body: leave })).refused("leave", "unknownRoom");
}
