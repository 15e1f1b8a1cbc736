import {
  chainHashOf,
  domainOf,
  equalBytes,
  eventsRequestCodec,
  eventsResponseCodec,
  mintRoomUri,
  rosterHash,
  verifyHead,
} from "@treehouse/protocol";
import type { EventsResponse, RoomUri } from "@treehouse/protocol";
import { random } from "../clients/person.ts";
import { agree, ensure, present } from "../outcome.ts";
import type { PeerServer } from "../peers/server.ts";
import { emptyRoom, hostedRoom } from "../rooms/hosted-room.ts";
import { entriesAt, entryAt, joinRemotely } from "../rooms/remote-seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { verifySignature } from "../../signing-keys.ts";

/** What the tested server, as a hub, sends to the servers of a room's members. */
export const hostedRules: readonly Rule[] = [
  rule("FED-948", "each server with a member gets the entries, the removing commit last", {
    "the octets are those that everybody has": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      await alice.say("one");
      await alice.say("two");
      await alice.sync();
      await guest.syncTo(world, alice.position);
      agree("what the guest reads", guest.texts, ["one", "two"]);
      const sent = entriesAt(peer, room).map(({ delivery }) => delivery.entry);
      const read = (await alice.account.entries(room, 0)).slice(-sent.length);
      agree("the entries at the guest's server", sent, read);
    },
    "after the commit that removes its last member nothing comes": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      await alice.commit({ remove: [guest.group.ownLeaf] });
      const removal = alice.position;
      await guest.syncTo(world, removal);
      ensure(!guest.group.active, "the removing commit does not remove the guest");
      const { peer: other, room: elsewhere, alice: alice2 } = await hostedRoom(world);
      await alice.say("among ourselves");
      // What is sent later in another room shows that nothing is on its way any more.
      await entryAt(world, other, elsewhere, await alice2.say("to you"));
      const positions = entriesAt(peer, room).map(({ entry }) => entry.position);
      agree("the last entry that was sent", positions.at(-1), removal);
      const answer = await events(peer, room, removal, 9);
      answer.refused("what came after the removal, by events", "notMember");
    },
    "a server without members gets nothing": async (world) => {
      const other = await world.knownPeer("b");
      const { room, alice, peer } = await hostedRoom(world);
      await entryAt(world, peer, room, await alice.say("hello"));
      agree("entries at a server without members", entriesAt(other, room), []);
    },
  }),
  rule("FED-949", "the commit that brings a server into a room introduces the room", {
    "with the hub's key and the roster after it": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const { entry, delivery } = await entryAt(world, peer, room, alice.position);
      const introduction = present(delivery.introduction, "there is no introduction");
      agree("the hub's key", introduction.hubKey, alice.hubKey);
      const clients = introduction.roster.map(({ client }) => client);
      agree("the roster", clients, [alice.member.client, guest.member.client]);
      ensure(entry.kind === "commit", "the entry is no commit");
      agree("the roster's hash", rosterHash(introduction.roster), entry.rosterHash);
    },
    "and again when the server comes back": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      await alice.commit({ remove: [guest.group.ownLeaf] });
      await alice.say("among ourselves");
      const user = peer.user(`again-${peer.users.size}`);
      await alice.sync();
      await alice.commit({ add: [await user.keyPackage()] });
      const back = await joinRemotely(world, user, peer, room, alice.position);
      await alice.say("welcome back");
      await alice.sync();
      await back.syncTo(world, alice.position);
      agree("what the new guest reads", back.texts, ["welcome back"]);
    },
    "and not when it has a member already": async (world) => {
      const { room, alice, peer } = await hostedRoom(world);
      const user = peer.user(`second-${peer.users.size}`);
      await alice.commit({ add: [await user.keyPackage()] });
      const { delivery } = await entryAt(world, peer, room, alice.position);
      agree("the introduction", delivery.introduction, undefined);
    },
  }),
  rule("FED-954", "a Welcome goes to the server of the client that it is for, and to no other", {
    "one commit, two servers": async (world) => {
      const [first, second] = [await world.knownPeer("a"), await world.knownPeer("b")];
      const users = [first.user(`w-${first.users.size}`), second.user(`w-${second.users.size}`)];
      const alice = await emptyRoom(world);
      const add = await Promise.all(users.map((user) => user.keyPackage()));
      await alice.commit({ add });
      for (const [at, peer] of [first, second].entries()) {
        const { delivery } = await entryAt(world, peer, alice.room, alice.position);
        const clients = delivery.welcomes.flatMap((each) => each.clients);
        agree(`the Welcomes at ${peer.domain}`, clients, [users[at]?.client]);
        ensure(delivery.groupInfo !== undefined, "the commit came without its GroupInfo");
      }
    },
  }),
  rule("FED-952", "signed heads cover what was sent", {
    "a commit comes with the head of its position": async (world) => {
      const { room, alice, peer } = await hostedRoom(world);
      const { entry, delivery } = await entryAt(world, peer, room, alice.position);
      const signed = present(delivery.head, "a commit came without a head");
      ensure(verifyHead(signed, alice.hubKey, verifySignature), "the head is not the hub's");
      agree("its position", signed.head.position, entry.position);
      agree("its hash", signed.head.hash, chainHashOf(entry, delivery.entry));
      agree("its tree hash", signed.head.treeHash, Uint8Array.from(alice.group.treeHash()));
    },
    "a head that covers a message follows within a second or so": async (world) => {
      const { room, alice, peer } = await hostedRoom(world);
      const position = await alice.say("cover me");
      const { entry, delivery } = await entryAt(world, peer, room, position);
      const started = performance.now();
      const signed = await world.until("a head that covers a message", () =>
        peer.incoming.heads.find(({ head }) => head.room === room && head.position >= position),
      );
      world.within("the head, once the message had come,", started, 3_000);
      ensure(verifyHead(signed, alice.hubKey, verifySignature), "the head is not the hub's");
      if (signed.head.position !== position) return;
      ensure(
        equalBytes(signed.head.hash, chainHashOf(entry, delivery.entry)),
        "the head contradicts the entry",
      );
    },
  }),
  rule("FED-951", "a hub answers what a server has missed, and to no other server", {
    "from the commit of its introduction on, ascending": async (world) => {
      const { room, alice, peer } = await hostedRoom(world);
      const start = alice.position;
      for (const text of ["one", "two", "three"]) await alice.say(text);
      await alice.sync();
      const all = await page(peer, room, 0, 256);
      const read = await alice.account.entries(room, start - 1);
      agree("the entries", all.entries, read);
      agree("`oldest` and `last`", [all.oldest, all.last], [start, alice.position]);
      const rest = await page(peer, room, start, 2);
      agree("a page of two", rest.entries, read.slice(1, 3));
      const none = await page(peer, room, alice.position, 9);
      agree("what lies behind the end", none.entries, []);
      agree("`oldest` behind the end", none.oldest, none.last + 1);
    },
    "far beyond the end there is nothing": async (world) => {
      const { room, peer } = await hostedRoom(world);
      const { entries } = await page(peer, room, Number.MAX_SAFE_INTEGER, 256);
      agree("the entries", entries, []);
    },
    "a limit out of bounds is malformed": async (world) => {
      const { room, peer } = await hostedRoom(world);
      for (const limit of [0, 257, 0xffff_ffff]) {
        const body = eventsRequestCodec.encode({ after: 0, limit: 1, flags });
        new DataView(body.buffer).setUint32(body.length - 5, limit);
        const answer = await peer.ask({ endpoint: "events", value: room, body });
        answer.refused(`a limit of ${limit}`, "malformed");
      }
    },
    "a server without members is refused": async (world) => {
      const other = await world.knownPeer("b");
      const { room } = await hostedRoom(world);
      (await events(other, room, 0, 9)).refused("another server's request", "notMember");
    },
    "a room that is not there is unknown": async (world) => {
      const { peer, alice } = await hostedRoom(world);
      const unknown = mintRoomUri(domainOf(alice.room), random);
      (await events(peer, unknown, 0, 9)).refused("an unknown room", "unknownRoom");
    },
  }),
];

const flags = { introduce: false };

async function events(peer: PeerServer, room: RoomUri, after: number, limit: number) {
  const body = eventsRequestCodec.encode({ after, limit, flags });
  return peer.ask({ endpoint: "events", value: room, body });
}

async function page(
  peer: PeerServer,
  room: RoomUri,
  after: number,
  limit: number,
): Promise<EventsResponse> {
  return (await events(peer, room, after, limit)).struct("missed entries", eventsResponseCodec);
}
