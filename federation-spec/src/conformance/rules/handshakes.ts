import {
  forwardedRequestCodec,
  leaveResponseCodec,
  peerLeaveRequestCodec,
  PROTOCOL,
  submissionAnswersCodec,
  treeRequestCodec,
  treeResponseCodec,
  Writer,
} from "@treehouse/protocol";
import type { Submission } from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import { random } from "../clients/person.ts";
import { agree, ensure } from "../outcome.ts";
import { PeerUser } from "../peers/server.ts";
import { askGroupInfo, judged, refusedHandshake, update } from "../rooms/handshakes.ts";
import { emptyRoom, hostedRoom } from "../rooms/hosted-room.ts";
import { submit } from "../rooms/remote-seat.ts";
import { commitRequest } from "../rooms/seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { codeOf } from "./asking.ts";

/** What a hub does for clients of other servers. */
export const handshakeRules: readonly Rule[] = [
  rule("FED-224", "the same octets get the same answer, and nothing happens twice", {
    "a commit that comes again": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const prepared = await guest.prepare({});
      const { client } = guest.member;
      const first = await update(peer, room, client, commitRequest(prepared));
      ensure(judged(first).accepted, "the commit is not accepted");
      const again = await update(peer, room, client, commitRequest(prepared));
      agree("the answer to the same commit", again.body, first.body);
      const before = alice.position;
      await alice.sync();
      agree("entries that came of it", alice.position, before + 1);
    },
    "a message that comes again": async (world) => {
      const { alice, guest, peer } = await hostedRoom(world);
      const message = await guest.submission("once");
      const first = await submit(peer, [message]);
      agree("the answer to the same message", await submit(peer, [message]), first);
      agree("and twice in one batch", await submit(peer, [message, message]), [...first, ...first]);
      await alice.sync();
      agree("what Alice reads", alice.texts, ["once"]);
    },
  }),
  rule("FED-223", "one commit per epoch is accepted", {
    "a commit of an epoch that is over is refused": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const late = commitRequest(await guest.prepare({}));
      await alice.commit({});
      const answer = await update(peer, room, guest.member.client, late);
      agree("the verdict", judged(answer), {
        accepted: false,
        code: "wrongEpoch",
        currentEpoch: alice.group.epoch,
      });
    },
  }),
  rule("FED-261", "the GroupInfo is sealed to who asks, and signed by the hub", {
    "a member gets it": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const { client } = guest.member;
      const { request, open } = askGroupInfo(guest.member, room);
      const body = forwardedRequestCodec.encode({ client, request });
      const answer = (await peer.ask({ endpoint: "groupInfo", value: room, body })).ok("it");
      agree("its position", open(answer.body, alice.hubKey).position, alice.position);
    },
  }),
  rule("FED-308", "a new leaf's key stands in its user's latest client list", {
    "one that does not stand there does not come in": async (world) => {
      const peer = await world.knownPeer("a");
      const impostor = peer.user(`double-${peer.users.size}`);
      const keyPackage = await impostor.keyPackage();
      // The same name with other keys: this is whom the server now tells of.
      const other = new PeerUser(peer, impostor.person.name, world.driver);
      peer.users.set(other.user, other);
      await refusesToAdd(world, keyPackage, "identityInvalid");
    },
  }),
  rule("FED-925", "each message of a batch is taken for itself, in their order", {
    "good ones among bad ones": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const [one, two, three] = [
        await guest.submission("one"),
        await guest.submission("two"),
        await guest.submission("three"),
      ];
      const outsider = peer.user(`outsider-${peer.users.size}`);
      const answers = await submit(peer, [
        one,
        { ...two, request: new Uint8Array([1, 2, 3]) },
        { ...two, room: (await emptyRoom(world)).room },
        { ...two, client: alice.member.client },
        { ...two, client: outsider.client },
        two,
        three,
      ]);
      const codes = answers.map(codeOf);
      agree(
        "what became of the first and the last two",
        [codes[0], codes[5], codes[6]],
        [undefined, undefined, undefined],
      );
      agree("what became of octets that are none", codes[1], "malformed");
      ensure(codes[2] !== undefined, "a message for a room of others was taken");
      agree("what became of another server's client", codes[3], "clientMismatch");
      ensure(codes[4] !== undefined, "a message of a client outside was taken");
      await alice.sync();
      agree("what Alice reads", alice.texts, ["one", "two", "three"]);
      ensure(
        alice.entries.every((entry) => entry.room === room),
        "an entry is of another room",
      );
    },
    "none at all": async (world) => {
      agree("the answers", await submit(await world.knownPeer("a"), []), []);
    },
    "more than 512 are malformed": async (world) => {
      const { alice, guest, peer } = await hostedRoom(world);
      const message = await guest.submission("too many");
      const items = Array.from({ length: 512 }, () => ({ ...message, request: random(1) }));
      const full = rawSubmissions(items);
      const answer = await peer.ask({ endpoint: "submitMessage", body: full });
      agree(
        "answers to 512",
        answer.struct("512 of them", submissionAnswersCodec).answers.length,
        512,
      );
      const body = rawSubmissions([...items, message]);
      await unchanged([alice.account], async () => {
        (await peer.ask({ endpoint: "submitMessage", body })).refused("513 of them", "malformed");
      });
    },
  }),
  rule("FED-926", "a hub judges handshakes of other servers' clients as those of its own", {
    "a good commit is accepted": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const body = commitRequest(await guest.prepare({}));
      const verdict = judged(await update(peer, room, guest.member.client, body));
      ensure(verdict.accepted, "it is not accepted");
      await alice.sync();
      await guest.syncTo(world, verdict.position);
      agree("the epoch of both", guest.group.epoch, alice.group.epoch);
    },
    "a commit against the policy is refused": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const prepared = await guest.prepare({ remove: [alice.group.ownLeaf] });
      await unchanged([alice.account], async () => {
        const answer = await update(peer, room, guest.member.client, commitRequest(prepared));
        refusedHandshake("the removal of an owner", answer, "notAllowed");
      });
      await guest.group.discard();
    },
    "octets that are no handshake are malformed": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      await unchanged([alice.account], async () => {
        const answer = await update(peer, room, guest.member.client, random(64));
        refusedHandshake("octets", answer, "malformed");
      });
    },
    "others get no GroupInfo": async (world) => {
      const { room, peer } = await hostedRoom(world);
      const outsider = peer.user(`outsider-${peer.users.size}`);
      const { request } = askGroupInfo(outsider, room);
      const body = forwardedRequestCodec.encode({ client: outsider.client, request });
      const answer = await peer.ask({ endpoint: "groupInfo", value: room, body });
      ensure(answer.body.length < 512, "an outsider gets a GroupInfo");
    },
  }),
  rule("FED-927", "trees are for members, and for those whom an epoch has brought in", {
    "a member gets that of its epoch, and nobody else": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const outsider = peer.user(`outsider-${peer.users.size}`);
      const ask = async (client = guest.member.client, epoch = alice.group.epoch) => {
        const body = treeRequestCodec.encode({ client, epoch });
        return peer.ask({ endpoint: "tree", value: room, body });
      };
      const tree = (await ask()).struct("the tree", treeResponseCodec);
      agree("its hash", tree.treeHash, Uint8Array.from(alice.group.treeHash()));
      agree("the tree", tree.nodes, Uint8Array.from(alice.group.ratchetTree()));
      (await ask(outsider.client)).refused("an outsider's request", "unknownRoom");
      (await ask(guest.member.client, 99)).refused("a tree of no epoch", "notFound");
    },
    "who is out gets none any more": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      await alice.commit({ remove: [guest.group.ownLeaf] });
      const { client } = guest.member;
      const body = treeRequestCodec.encode({ client, epoch: alice.group.epoch });
      const answer = await peer.ask({ endpoint: "tree", value: room, body });
      answer.refused("the tree without the guest", "unknownRoom");
    },
  }),
  rule("FED-928", "leaving is asking the hub, once or more often", {
    "it proposes the removal of all leaves of the user": async (world) => {
      const { room, alice, guest, peer } = await hostedRoom(world);
      const leave = async (client = guest.member.client) =>
        peer.ask({
          endpoint: "leave",
          value: room,
          body: peerLeaveRequestCodec.encode({ client, leaver: "user" }),
        });
      const leaves = [guest.group.ownLeaf];
      agree("the answer", (await leave()).struct("leaving", leaveResponseCodec).leaves, leaves);
      agree("the same again", (await leave()).struct("leaving", leaveResponseCodec).leaves, leaves);
      const outsider = peer.user(`outsider-${peer.users.size}`);
      ensure(!(await leave(outsider.client)).succeeded, "an outsider can leave");
      await alice.sync();
      const proposals = alice.entries.filter(({ kind }) => kind === "proposal");
      agree("proposals that came of it", proposals.length, 1);
      await alice.commit({});
      await guest.syncTo(world, alice.position);
      ensure(!guest.group.active, "the guest is still in the room");
    },
  }),
  rule("FED-1153", "a server has its own client taken out that it has not seen", {
    "but not where the room waits for ever, and none of another server": async (world) => {
      const founder = await world.account("doris");
      const { room, alice, guest, peer } = await hostedRoom(world, "a", founder);
      const { client } = guest.member;
      const body = peerLeaveRequestCodec.encode({ client, leaver: "unseenClient" });
      const ask = (from: typeof peer) => from.ask({ endpoint: "leave", value: room, body });
      await unchanged([alice.account], async () => {
        (await ask(peer)).refused("a client that the room waits for", "notAllowed");
        (await ask(await world.knownPeer("b"))).refused("another server's", "clientMismatch");
      });
    },
  }),
  rule("FED-932", "the hub compares new leaves of other servers' users with their client lists", {
    "a leaf of a user whom the server does not know does not come in": async (world) => {
      const peer = await world.knownPeer("a");
      const unknown = peer.user(`gone-${peer.users.size}`);
      peer.users.delete(unknown.user);
      await refusesToAdd(world, await unknown.keyPackage(), "identityInvalid", "unknownUser");
    },
    "a list that the server does not vouch for is none": async (world) => {
      const peer = await world.knownPeer("a");
      const user = peer.user(`unvouched-${peer.users.size}`);
      user.clientList = { ...user.clientList, countersignature: new Uint8Array(64) };
      await refusesToAdd(world, await user.keyPackage(), "identityInvalid");
    },
    "without the list the commit may come again later": async (world) => {
      const peer = await world.knownPeer("answering");
      const user = peer.user(`later-${peer.users.size}`);
      const alice = await emptyRoom(world);
      const body = commitRequest(await alice.prepare({ add: [await user.keyPackage()] }));
      peer.scripts.set("identifierQuery", () => ({ status: 503 }));
      const answer = await alice.offer(body);
      refusedHandshake("a commit whose joiner nobody can look up", answer, "peerUnreachable");
      peer.scripts.delete("identifierQuery");
      await world.eventually(
        "the same commit to be accepted",
        async () => judged(await alice.offer(body)).accepted,
      );
    },
  }),
];

/** A SubmissionBatch of any number of items. */
function rawSubmissions(items: readonly Submission[]): Uint8Array {
  const writer = new Writer();
  writer.u8(PROTOCOL);
  writer.vector(() => {
    for (const { room, client, request } of items) {
      writer.ascii(room);
      writer.ascii(client);
      writer.opaque(request);
    }
  });
  return writer.finish();
}

/** A commit that adds the KeyPackage is refused, and changes nothing. */
async function refusesToAdd(
  world: World,
  keyPackage: Uint8Array<ArrayBuffer>,
  ...codes: readonly string[]
): Promise<void> {
  const alice = await emptyRoom(world);
  const body = commitRequest(await alice.prepare({ add: [keyPackage] }));
  await unchanged([alice.account], async () => {
    refusedHandshake("the commit", await alice.offer(body), ...codes);
  });
  agree("entries that came of it", await alice.account.entries(alice.room, 0), []);
}
