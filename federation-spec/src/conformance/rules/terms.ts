import {
  decodeEntry,
  eventsRequestCodec,
  eventsResponseCodec,
  standingRequestCodec,
  standingResponseCodec,
} from "@treehouse/protocol";
import type { EntryDelivery } from "@treehouse/protocol";
import { newKey, random } from "../clients/person.ts";
import { agree, ensure, present } from "../outcome.ts";
import { deliverAll, followedRoom } from "../rooms/followed-room.ts";
import type { HubRoom } from "../rooms/hub-room.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import { stays, verdict } from "./follower.ts";

/** How a server goes along with a hub that was put back from a backup. */
export const termRules: readonly Rule[] = [
  rule("FED-955", "what a lower term says is over", {
    "entries and heads of it": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      const late = hub.draft();
      const lateHead = hub.head({ hash: random(32) });
      await deliverAll(peer, [restored(hub)]);
      await stays(alice, async () => {
        agree("the verdict on an entry", await verdict(peer, late), "staleTerm");
        await peer.outgoing.deliver([], [lateHead]);
      });
      await deliverAll(peer, [await hub.say("in time")]);
      const entries = await alice.account.entries(hub.room, alice.position);
      agree("the position of the last entry", decodeEntry(last(entries)).position, hub.position);
    },
  }),
  rule("FED-956", "a higher term needs a head of it that the hub has signed", {
    "without one it is not taken": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      const raised = restored(hub);
      await stays(alice, async () => {
        const bare = { ...raised, head: undefined };
        agree("the verdict without a head", await verdict(peer, bare), "staleTerm");
        const stolen = { ...raised, head: hub.head({}, newKey()) };
        agree("the verdict with another key's", await verdict(peer, stolen), "staleTerm");
        const old = { ...raised, head: hub.head({ term: 1 }) };
        agree("the verdict with one of the old term", await verdict(peer, old), "staleTerm");
      });
      await deliverAll(peer, [raised]);
      const entries = await alice.account.entries(hub.room, alice.position);
      agree("the entry that comes then", last(entries), raised.entry);
    },
    "a head alone raises it": async (world) => {
      const { hub, peer, alice } = await followedRoom(world);
      const late = hub.draft();
      restored(hub);
      await peer.outgoing.deliver([], [hub.head()]);
      await world.eventually("the room to go on under the new term", async () => {
        const entries = await alice.account.entries(hub.room, alice.position);
        return entries.length > 0 && decodeEntry(last(entries)).position === hub.position;
      });
      agree("the verdict on an old entry", await verdict(peer, late), "staleTerm");
    },
  }),
  rule("FED-957", "behind the step of a restored hub the log goes on", {
    "positions jump, and what follows is read": async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      await deliverAll(peer, [await hub.say("before")]);
      await alice.sync();
      const raised = restored(hub);
      const after = await hub.say("after");
      await deliverAll(peer, [raised, after]);
      const entries = await alice.account.entries(room, alice.position);
      agree("what Alice reads behind the step", entries, [raised.entry, after.entry]);
    },
  }),
  rule("FED-958", "a follower tells the room's hub where it stands, and nobody else", {
    standing: async (world) => {
      const { room, hub, peer, alice } = await followedRoom(world);
      await deliverAll(peer, [await hub.say("one")]);
      const body = standingRequestCodec.encode({});
      const answer = await peer.ask({ endpoint: "standing", value: room, body });
      const { position, hash, head } = answer.struct("where it stands", standingResponseCodec);
      agree("position and hash", [position, hash], [hub.position, hub.hash]);
      ensure(head !== undefined, "it has kept no head");
      const other = await world.knownPeer("b");
      const refused = await other.ask({ endpoint: "standing", value: room, body });
      refused.refused("another server's question", "unknownRoom");
      ensure(alice.position <= position, "Alice is ahead of her server");
    },
    events: async (world) => {
      const { room, hub, peer } = await followedRoom(world);
      const said = [await hub.say("one"), await hub.say("two")];
      await deliverAll(peer, said);
      const body = eventsRequestCodec.encode({
        after: hub.position - 2,
        limit: 256,
        flags: { introduce: false },
      });
      const answer = await peer.ask({ endpoint: "events", value: room, body });
      const { entries } = answer.struct("what it has", eventsResponseCodec);
      agree(
        "the entries",
        entries,
        said.map(({ entry }) => entry),
      );
      const other = await world.knownPeer("b");
      const refused = await other.ask({ endpoint: "events", value: room, body });
      refused.refused("another server's question", "unknownRoom", "notMember");
    },
  }),
];

/** The first entry of the hub's next term, 2^32 positions on, with its head. */
function restored(hub: HubRoom): EntryDelivery {
  hub.term += 1;
  const delivery = hub.append({
    ...hub.next(),
    position: hub.position + 2 ** 32 + 1,
    kind: "tombstone",
    reason: 3,
    replaced: hub.hash,
    detail: String(hub.position),
  });
  const complete = { ...delivery, head: hub.head() };
  hub.log[hub.log.length - 1] = complete;
  return complete;
}

function last<T>(all: readonly T[]): T {
  return present(all.at(-1), "there is no entry");
}
