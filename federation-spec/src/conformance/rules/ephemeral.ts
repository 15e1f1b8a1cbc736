import {
  decodeEntry,
  encodeEntry,
  ephemeralAnswerCodec,
  ephemeralBatchCodec,
  ephemeralMessageCodec,
  equalBytes,
  firstPrevious,
  groupUriOf,
  LIMITS,
  mintRoomUri,
  paths,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
} from "@treehouse/protocol";
import type { Bytes, Entry, RoomUri, UserUri } from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import { random } from "../clients/person.ts";
import { agree, ensure } from "../outcome.ts";
import type { PeerServer } from "../peers/server.ts";
import { followedRoom } from "../rooms/followed-room.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import type { HostedRoom } from "../rooms/hosted-room.ts";
import type { LocalSeat } from "../rooms/local-seat.ts";
import { submit } from "../rooms/remote-seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { verdict } from "./follower.ts";

/** What is passed on and never kept; servers do not look into it, so that any octets are sealed. */
export const ephemeralRules: readonly Rule[] = [
  rule("FED-860", "a hub passes ephemeral messages of members on, and writes nothing", {
    "a member's is accepted, takes no position, and so again": async (world) => {
      const { room, alice } = await scene(world);
      const request = requestOf(room, alice.group.epoch, alice.member.user);
      await unchanged([alice.account], async () => {
        for (const _ of [1, 2]) {
          const answer = await alice.account.ask("POST", paths.messages(room), request);
          const response = answer.struct("something ephemeral", submitMessageResponseCodec);
          ensure(response.status === "accepted", `it is ${response.status}`);
          if (response.status === "accepted") agree("its position", response.position, 0);
        }
      });
    },
    "a member's of another server too": async (world) => {
      const { room, guest, peer } = await scene(world);
      const { client, user } = guest.member;
      const request = requestOf(room, guest.group.epoch, user);
      const [answer] = await submit(peer, [{ room, client, request }]);
      agree("what became of it", answer?.status, "answered");
    },
    "what is no message of the room now, or too large, is refused": async (world) => {
      const { room, alice } = await scene(world);
      const elsewhere = mintRoomUri(world.subject.domain, random);
      const { epoch } = alice.group;
      const { user } = alice.member;
      const ask = async (request: Bytes) =>
        (await alice.account.ask("POST", paths.messages(room), request)).code;
      agree("another room's", await ask(requestOf(elsewhere, epoch, user)), "invalidMessage");
      agree("of a later epoch", await ask(requestOf(room, epoch + 1, user)), "epochAhead");
      const large = requestOf(room, epoch, user, LIMITS.ephemeralMessageBytesMax);
      agree("one that is too large", await ask(large), "tooLarge");
      agree("no message", await ask(withMessage(random(80), user)), "malformed");
    },
  }),
  rule("FED-861", "the hub sends ephemeral entries to the servers of members at once", {
    "as one entry without position": async (world) => {
      const { room, alice, peer } = await scene(world);
      const request = requestOf(room, alice.group.epoch, alice.member.user);
      const { message } = submitMessageRequestCodec.decode(request);
      (await alice.account.ask("POST", paths.messages(room), request)).ok("something ephemeral");
      const entry = await world.until("the ephemeral entry", () =>
        passedTo(peer, room).find(
          (each) => each.kind === "application" && equalBytes(each.message, message),
        ),
      );
      agree("whether it is ephemeral", entry.ephemeral, true);
      agree("its place", [entry.position, entry.previous], [0, firstPrevious]);
    },
    "not to those of former members": async (world) => {
      const { room, alice, guest, peer } = await roomOfClara(world);
      await alice.commit({ remove: [guest.group.ownLeaf] });
      await whisper(alice);
      const other = await scene(world);
      const before = passedTo(other.peer, other.room).length;
      await whisper(other.alice);
      // What comes later for another room shows that nothing is on its way any more.
      await world.until(
        "the other room's entry",
        () => passedTo(other.peer, other.room).length > before || undefined,
      );
      agree("what the former member's server got", passedTo(peer, room), []);
    },
  }),
  rule("FED-862", "no batch holds an ephemeral entry", {
    "one that does is taken but for that entry": async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      await unchanged([alice.account], async () => {
        const entry = entryOf(room, hub.seat.group.epoch);
        agree("the verdict", await verdict(peer, bare(entry)), "malformed");
      });
    },
  }),
  rule("FED-863", "a follower answers alike whatever becomes of the entries", {
    "those of its rooms, of others' and of none": async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      const other = await world.knownPeer("b");
      const { epoch } = hub.seat.group;
      await unchanged([alice.account], async () => {
        const entries = [
          entryOf(room, epoch),
          entryOf(mintRoomUri(peer.domain, random), epoch),
          random(60),
        ];
        for (const from of [peer, other]) {
          const body = ephemeralBatchCodec.encode({ entries });
          const answer = await from.ask({ endpoint: "ephemeral", body });
          agree("the answer", answer.struct("a batch", ephemeralAnswerCodec), {});
        }
      });
    },
  }),
];

const scenes = new WeakMap<World, Promise<HostedRoom>>();

/** A user may reserve so many rooms in an hour, and Alice's are needed elsewhere. */
async function roomOfClara(world: World): Promise<HostedRoom> {
  return hostedRoom(world, "a", await world.account("clara"));
}

/** One room for all that changes nothing in it. */
function scene(world: World): Promise<HostedRoom> {
  const known = scenes.get(world) ?? roomOfClara(world);
  scenes.set(world, known);
  return known;
}

async function whisper(seat: LocalSeat): Promise<void> {
  const request = requestOf(seat.room, seat.group.epoch, seat.member.user);
  (await seat.account.ask("POST", paths.messages(seat.room), request)).ok("something ephemeral");
}

function requestOf(room: RoomUri, epoch: number, user: UserUri, length = 272): Bytes {
  return withMessage(messageOf(room, epoch, length), user);
}

function messageOf(room: RoomUri, epoch: number, length = 272): Bytes {
  const header = { group: groupUriOf(room, 0), epoch, salt: random(16) };
  return ephemeralMessageCodec.encode({ ...header, ciphertext: random(length) });
}

function withMessage(message: Bytes, sendingUri: UserUri): Bytes {
  return submitMessageRequestCodec.encode({ ephemeral: true, message, sendingUri });
}

function entryOf(room: RoomUri, epoch: number): Bytes {
  return encodeEntry({
    kind: "application",
    ephemeral: true,
    room,
    generation: 0,
    term: 1,
    position: 0,
    previous: firstPrevious,
    acceptedAt: Date.now(),
    message: messageOf(room, epoch),
    frank: undefined,
  });
}

function bare(entry: Bytes) {
  const nothing = { head: undefined, groupInfo: undefined, introduction: undefined };
  return { entry, welcomes: [], ...nothing };
}

/** The ephemeral entries of a room that a server was sent. */
function passedTo(peer: PeerServer, room: RoomUri): readonly Entry[] {
  return peer
    .requests("ephemeral")
    .flatMap(({ body }) => ephemeralBatchCodec.decode(body).entries)
    .map((bytes) => decodeEntry(bytes))
    .filter((entry) => entry.room === room);
}
