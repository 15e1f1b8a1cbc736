import {
  paths,
  rosterHash,
  submitMessageRequestCodec,
  submitMessageResponseCodec,
  TOMBSTONE_REASONS,
  updateRequestCodec,
  updateRoomResponseCodec,
  verifyHead,
} from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import { agree, ensure } from "../outcome.ts";
import { judged, refusedHandshake } from "../rooms/handshakes.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import { foundRoom } from "../rooms/local-seat.ts";
import type { LocalSeat } from "../rooms/local-seat.ts";
import { commitRequest } from "../rooms/seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { verifySignature } from "../../signing-keys.ts";
import type { World } from "../world.ts";

/** What a hub writes into a room's log, and what it keeps out, as a member sees it. */
export const logRules: readonly Rule[] = [
  rule("FED-202", "positions begin at 1 and have no gaps", {
    "in a new room": async (world) => {
      const bob = await ownRoom(world);
      await bob.commit({});
      await bob.say("two");
      await bob.sync();
      agree("its positions", positionsOf(bob), [1, 2]);
    },
  }),
  rule("FED-203", "each entry names the one before", {
    "the first names none": async (world) => {
      const bob = await ownRoom(world);
      await bob.commit({});
      await bob.say("and on");
      // A seat applies nothing else: it knows what the next entry must name.
      await bob.sync();
      agree("what the first names", bob.entries[0]?.previous, new Uint8Array(32));
    },
  }),
  rule("FED-206", "a commit's entry lists who enters and who goes, and hashes the roster after", {
    "a guest who comes and goes": async (world) => {
      const { alice, guest } = await hostedRoom(world);
      const { client } = guest.member;
      const leaf = guest.group.ownLeaf;
      agreeOnChanges(alice, [{ leaf, client, change: "added" }]);
      await alice.commit({ remove: [leaf] });
      agreeOnChanges(alice, [{ leaf, client, change: "removed" }]);
    },
  }),
  rule("FED-210", "the answer to a handshake has the signed head of its entry", {
    "a commit": async (world) => {
      const bob = await ownRoom(world);
      const request = commitRequest(await bob.prepare({}));
      const answer = (await bob.offer(request)).struct("a commit", updateRoomResponseCodec);
      ensure(answer.code === "success", `a commit is answered ${answer.code}`);
      await bob.sync();
      ensure(verifyHead(answer.head, bob.hubKey, verifySignature), "the head is not the hub's");
      const { head } = answer.head;
      agree(
        "the head",
        [head.room, head.position, head.hash, head.epoch, head.treeHash],
        [
          bob.room,
          answer.position,
          bob.hash,
          bob.group.epoch,
          Uint8Array.from(bob.group.treeHash()),
        ],
      );
    },
  }),
  rule("FED-221", "a commit is accepted or refused together with its first message", {
    "a first message of another room": async (world) => {
      const bob = await ownRoom(world);
      const elsewhere = await ownRoom(world);
      const foreign = submitMessageRequestCodec.decode(await elsewhere.message("not for here"));
      const { commit, welcome, groupInfo } = await bob.prepare({});
      const upload = { kind: "commit", commit, welcome, groupInfo } as const;
      const body = updateRequestCodec.encode({ ...upload, firstMessage: foreign });
      await unchanged([bob.account], async () => {
        const answer = await bob.offer(body);
        refusedHandshake("the commit with it", answer, "invalidMessage", "malformed");
      });
      const alone = updateRequestCodec.encode({ ...upload, firstMessage: undefined });
      ensure(judged(await bob.offer(alone)).accepted, "the commit without it is not accepted");
    },
  }),
  rule("FED-222", "a commit comes with the GroupInfo of the epoch that it begins", {
    "another commit's is refused": async (world) => {
      const bob = await ownRoom(world);
      const { groupInfo } = await bob.prepare({});
      await bob.group.discard();
      const prepared = await bob.prepare({});
      await unchanged([bob.account], async () => {
        const answer = await bob.offer(commitRequest({ ...prepared, groupInfo }));
        refusedHandshake("a commit with another one's GroupInfo", answer, "invalidCommit");
      });
      const answer = await bob.offer(commitRequest(prepared));
      ensure(judged(answer).accepted, "the commit with its own is not accepted");
    },
  }),
  rule("FED-231", "messages of the last three epochs are taken, and no older ones", {
    "one of three epochs ago, and one of four": async (world) => {
      const bob = await ownRoom(world);
      const old = await bob.message("too late");
      await bob.commit({});
      const late = await bob.message("just in time");
      for (let epoch = 0; epoch < 3; epoch += 1) await bob.commit({});
      const send = (body: Uint8Array) => bob.account.ask("POST", paths.messages(bob.room), body);
      await unchanged([bob.account], async () => {
        (await send(old)).refused("the older one", "epochTooOld");
      });
      const { status } = (await send(late)).struct("the other one", submitMessageResponseCodec);
      agree("what became of the other one", status, "accepted");
    },
    "none of before a client came in": async (world) => {
      const bob = await ownRoom(world);
      const unread = await bob.message("not for the guest");
      const peer = await world.knownPeer("a");
      const guest = peer.user(`early-${peer.users.size}`);
      await bob.commit({ add: [await guest.keyPackage()] });
      const answer = await bob.account.ask("POST", paths.messages(bob.room), unread);
      answer.refused("a message that the guest could not read", "epochTooOld");
    },
  }),
  rule("FED-754", "a room that everybody leaves ends with a tombstone", {
    "and is not known any more": async (world) => {
      const bob = await ownRoom(world);
      await bob.commit({});
      const leave = () => bob.account.ask("POST", paths.leave(bob.room), {});
      (await leave()).ok("leaving as the last one");
      await bob.sync();
      const end = bob.entries.at(-1);
      ensure(end?.kind === "tombstone", "the log does not end with a tombstone");
      agree("its reason", end.reason, TOMBSTONE_REASONS.ended);
      agree("what it replaces", end.replaced, end.previous);
      (await leave()).refused("leaving once more", "unknownRoom");
    },
  }),
];

/** A room of Bob's alone: Alice founds so many that a server may well bound her. */
async function ownRoom(world: World): Promise<LocalSeat> {
  return foundRoom(await world.account("bob"), world.subject.domain);
}

function positionsOf({ entries }: LocalSeat): readonly number[] {
  return entries.map(({ position }) => position);
}

/** The newest entry is a commit with these changes, and with the hash of who is in the room now. */
function agreeOnChanges({ entries, group }: LocalSeat, changes: readonly object[]): void {
  const entry = entries.at(-1);
  ensure(entry?.kind === "commit", "the newest entry is no commit");
  agree("the epoch that it ends", entry.epoch, group.epoch - 1);
  agree("its changes", entry.leafChanges, changes);
  const roster = group.members().map(({ leaf, client }) => ({ leaf, client }));
  agree("its roster's hash", entry.rosterHash, rosterHash(roster));
}
