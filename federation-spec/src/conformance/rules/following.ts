import { decodeEntry, eventsRequestCodec, eventsResponseCodec, paths } from "@treehouse/protocol";
import type { RoomUri } from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import { newKey, random } from "../clients/person.ts";
import { agree, ensure, present } from "../outcome.ts";
import { octets } from "../peers/reply.ts";
import type { PeerServer } from "../peers/server.ts";
import {
  claimed,
  deliverAll,
  followedRoom,
  friendOfAlice,
  invitation,
} from "../rooms/followed-room.ts";
import { altered, HubRoom } from "../rooms/hub-room.ts";
import type { LocalSeat } from "../rooms/local-seat.ts";
import { joinLocally } from "../rooms/local-seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { stays, verdict } from "./follower.ts";

/** How a server follows the rooms that others order. */
export const followingRules: readonly Rule[] = [
  rule("FED-949", "the commit that brings a server into a room introduces the room", {
    "an introduction that is not the commit's is not believed": async (world) => {
      const { peer, account, delivery } = await invitation(world);
      const { introduction } = delivery;
      const roster = present(introduction, "there is an introduction").roster.slice(1);
      const forged = { ...delivery, introduction: introduction && { ...introduction, roster } };
      await unchanged([account], async () => {
        ensure((await verdict(peer, forged)) !== undefined, "a false roster was believed");
        const none = await verdict(peer, { ...delivery, introduction: undefined });
        agree("the verdict without an introduction", none, "unknownRoom");
      });
    },
    "nor one of a server that is not the hub": async (world) => {
      const { account, delivery } = await invitation(world);
      const other = await world.knownPeer("b");
      await unchanged([account], async () => {
        const code = await verdict(other, delivery);
        ensure(code !== undefined, "another server's introduction was believed");
      });
    },
  }),
  rule("FED-950", "a follower takes what follows, from the hub alone", {
    "octets are delivered as they came, in their order": async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      const said = [await hub.say("one"), await hub.say("two"), await hub.say("three")];
      await deliverAll(peer, said);
      const read = await alice.account.entries(room, alice.position);
      agree(
        "what Alice reads",
        read,
        said.map(({ entry }) => entry),
      );
      await alice.sync();
      agree("the texts", alice.texts, ["one", "two", "three"]);
    },
    "what is there already is passed over": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      const one = await hub.say("one");
      await deliverAll(peer, [one, one]);
      await deliverAll(peer, [one]);
      await alice.sync();
      agree("the texts", alice.texts, ["one"]);
    },
    "another server's word is nothing": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      const other = await world.knownPeer("b");
      const one = await hub.say("one");
      await stays(alice, async () => {
        ensure((await verdict(other, one)) !== undefined, "another server's entry was taken");
      });
      await deliverAll(peer, [one]);
      await alice.sync();
      agree("the texts", alice.texts, ["one"]);
    },
    "an entry that does not name the last one is not taken": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      const forged = altered(await hub.say("one"), { previous: random(32) });
      await stays(alice, async () => {
        ensure((await verdict(peer, forged)) !== undefined, "a broken chain was taken");
      });
    },
    "a commit whose roster does not add up is not taken, and the hub asked for it": async (
      world,
    ) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      const commit = await hub.commit({});
      const forged = altered(commit, { rosterHash: random(32) });
      await verdict(peer, forged);
      await world.eventually("Alice to read the commit", async () => {
        const entries = await alice.account.entries(room, alice.position);
        return entries.length > 0;
      });
      const read = await alice.account.entries(room, alice.position);
      agree("what Alice reads", read, [commit.entry]);
    },
    "an entry that is none is rejected, and the next one taken": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      const one = await hub.say("one");
      const cut = { ...one, entry: one.entry.slice(0, -1) };
      agree("the verdict", await verdict(peer, cut), "malformed");
      await deliverAll(peer, [one]);
      await alice.sync();
      agree("the texts", alice.texts, ["one"]);
    },
  }),
  rule("FED-951", "a hub answers what a server has missed, and to no other server", {
    "a follower notices a gap and asks for what lies between": async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      const last = hub.position;
      await hub.say("one");
      await hub.say("two");
      await deliverAll(peer, [await hub.say("three")]);
      const asked = await world.until("the server to ask for what it missed", () =>
        peer.requests("events").find(({ value }) => value === room),
      );
      agree("after which position", eventsRequestCodec.decode(asked.body).after, last);
      await world.eventually("Alice to read all of it", async () => {
        await alice.sync();
        return alice.texts.length === 3;
      });
      agree("the texts", alice.texts, ["one", "two", "three"]);
    },
    "positions that are left out are passed over": async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      const missing = hub.position + 1;
      await hub.say("gone for ever");
      peer.scripts.set("events", async (request, usual) => {
        if (request.value !== room) return usual();
        const after = hub.log.filter(({ entry }) => decodeEntry(entry).position !== missing);
        const entries = after
          .map(({ entry }) => entry)
          .filter((entry) => decodeEntry(entry).position > hub.position - 1);
        const body = eventsResponseCodec.encode({
          oldest: hub.position,
          last: hub.position,
          entries,
          head: hub.head(),
          introduction: undefined,
        });
        return octets(body);
      });
      await deliverAll(peer, [await hub.say("still here")]);
      await world.eventually("Alice to read what is left", async () => {
        const entries = await alice.account.entries(room, alice.position);
        return entries.some((entry) => decodeEntry(entry).position === missing + 1);
      });
      peer.scripts.delete("events");
    },
  }),
  rule("FED-952", "signed heads cover what was sent", {
    "a head that contradicts the log stops the room": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      await peer.outgoing.deliver([], [hub.head({ hash: random(32) })]);
      const one = await hub.say("one");
      await stays(alice, async () => {
        agree("the verdict on what follows", await verdict(peer, one), "conflict");
      });
    },
    "two heads that contradict each other stop it": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      const position = hub.position + 9;
      const heads = [
        hub.head({ position, hash: random(32) }),
        hub.head({ position, hash: random(32) }),
      ];
      await peer.outgoing.deliver([], heads);
      const one = await hub.say("one");
      await stays(alice, async () => {
        agree("the verdict on what follows", await verdict(peer, one), "conflict");
      });
    },
    "nor need it be the log in which they do": async (world) => {
      for (const change of [{ treeHash: random(32) }, { epoch: 999 }]) {
        const { hub, peer, alice } = await followedRoom(world);
        await peer.outgoing.deliver([], [hub.head()]);
        await peer.outgoing.deliver([], [hub.head(change)]);
        const one = await hub.say("one");
        await stays(alice, async () => {
          agree("the verdict on what follows", await verdict(peer, one), "conflict");
        });
      }
    },
    "a commit that not even its introduction fits stops it": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      const forged = altered(await hub.commit({}), { rosterHash: random(32) });
      // The hub stands by it: its log and its heads say the same.
      hub.log.pop();
      const { entry } = hub.append(decodeEntry(forged.entry));
      await verdict(peer, { ...forged, entry, head: hub.head() });
      const one = await hub.say("one");
      await stays(alice, async () => {
        await world.eventually(
          "the room to be stopped",
          async () => (await verdict(peer, one)) === "conflict",
        );
      });
      const asked = peer.requests("events").map(({ body }) => eventsRequestCodec.decode(body));
      ensure(asked.at(-1)?.flags.introduce === true, "it has not asked who is in the room");
    },
    "a head that the hub has not signed is nothing": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      await peer.outgoing.deliver([], [hub.head({ hash: random(32) }, newKey())]);
      await deliverAll(peer, [await hub.say("one")]);
      await alice.sync();
      agree("the texts", alice.texts, ["one"]);
    },
  }),
  rule("FED-953", "nobody but its own server subscribes a client to anything", {
    "a KeyPackage that was given for another room brings nobody in": async (world) => {
      const { peer, account, host } = await invitation(world);
      const hub = await HubRoom.found(peer.domain, host);
      const { room: elsewhere } = await invitation(world);
      const keyPackage = await claimed(world, peer, host, account, elsewhere);
      await pushesNothing(peer, hub, account, keyPackage);
    },
    "nor does one that was never given": async (world) => {
      const { peer, host } = await friendOfAlice(world, "a");
      const alice = await world.account("alice");
      const hub = await HubRoom.found(peer.domain, host);
      await pushesNothing(peer, hub, alice, await alice.keyPackage());
    },
    "nor into a room that others of the server are in": async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      const bob = await world.account("bob");
      const inbox = (await bob.inbox(0)).length;
      const commit = await hub.commit({ add: [await bob.keyPackage()] }, [bob.client]);
      await unchanged([bob], async () => deliverAll(peer, [commit]));
      agree("Bob's inbox", (await bob.inbox(0)).length, inbox);
      (await bob.get(entriesOf(room))).refused(
        "Bob's reading of the room",
        "notMember",
        "unknownRoom",
      );
      await alice.sync();
      agree("the epoch that Alice is in", alice.group.epoch, hub.seat.group.epoch);
    },
  }),
  rule("FED-954", "a Welcome goes to the server of the client that it is for, and to no other", {
    "it is in the inbox before any later entry": async (world) => {
      const { hub, peer, account, delivery } = await invitation(world);
      await deliverAll(peer, [delivery, await hub.say("hello")]);
      const alice = await joinLocally(account, hub.room, hub.hubKey.publicKey);
      await alice.sync();
      agree("the texts", alice.texts, ["hello"]);
    },
    "without a head of the hub for just this entry it is dropped": async (world) => {
      for (const other of ["none", "another key", "another entry"] as const) {
        const { hub, peer, account, delivery } = await invitation(world);
        const heads = {
          none: undefined,
          "another key": hub.head({}, newKey()),
          "another entry": hub.head({ hash: random(32) }),
        };
        const item = { ...delivery, head: heads[other] };
        await peer.outgoing.deliver([{ kind: "entry", ...item }]);
        agree(`the Welcome with ${other}`, await account.welcomeOf(hub.room), undefined);
      }
    },
  }),
];

/** A commit with that KeyPackage and its Welcome is rejected, and the client hears nothing. */
async function pushesNothing(
  peer: PeerServer,
  hub: HubRoom,
  account: LocalSeat["account"],
  keyPackage: Uint8Array<ArrayBuffer>,
): Promise<void> {
  peer.rooms.set(hub.room, hub);
  const commit = await hub.commit({ add: [keyPackage] }, [account.client]);
  const item = { ...commit, introduction: hub.introduction() };
  await unchanged([account], async () => {
    agree("the verdict", await verdict(peer, item), "notMember");
    agree(
      "the verdict on what follows",
      await verdict(peer, await hub.say("hello")),
      "unknownRoom",
    );
  });
  agree("the Welcome in the inbox", await account.welcomeOf(hub.room), undefined);
  const answer = await account.get(entriesOf(hub.room));
  answer.refused("reading the room", "notMember", "unknownRoom");
}

function entriesOf(room: RoomUri): string {
  return paths.entries(room, { after: 0, limit: 9 });
}
