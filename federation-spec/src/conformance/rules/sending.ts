import {
  batchAnswerCodec,
  batchCodec,
  decodeEntry,
  entryDeliveryCodec,
  equalBytes,
  identifierRequestCodec,
  LIMITS,
  paths,
  Refusal,
} from "@treehouse/protocol";
import type { Batch, Entry } from "@treehouse/protocol";
import { agree, ensure, present } from "../outcome.ts";
import { refusal, tls } from "../peers/reply.ts";
import type { PeerLabel } from "../peers/labels.ts";
import type { PeerServer } from "../peers/server.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import type { HostedRoom } from "../rooms/hosted-room.ts";
import { entriesAt, entryAt } from "../rooms/remote-seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { seenIn } from "./seen.ts";

/** How a server sends what it has for others. */
export const sendingRules: readonly Rule[] = [
  rule("FED-940", "what one server has for another is one stream, from 1", {
    "items are numbered without gaps under one incarnation": async (world) => {
      const { room, alice, peer } = await roomOfBob(world, "first");
      const position = await alice.say("hello");
      await entryAt(world, peer, room, position);
      const sequences = peer.incoming.items.map(({ sequence }) => sequence);
      agree(
        "the sequences",
        sequences,
        sequences.map((_, at) => at + 1),
      );
      agree("incarnations", peer.incoming.incarnations.length, 1);
      agree("batches that left something out", peer.incoming.gaps, 0);
    },
  }),
  rule("FED-942", "an answer tells where the receiver stands, and what it has rejected", {
    "the sender goes on from there": async (world) => {
      const { room, alice, peer } = await roomOfBob(world, "forgetful");
      const batches: Batch[] = [];
      // Says twice that it stands where it stood.
      script(peer, (batch) => {
        if (batch.items.length > 0) batches.push(batch);
        const { incarnation } = batch;
        const next = peer.incoming.nextOf(incarnation);
        return batches.length > 2 ? undefined : { incarnation, next, rejected: [] };
      });
      const position = await alice.say("again and again");
      await entryAt(world, peer, room, position);
      const [first, second, third] = batches.map(({ items }) => items[0]?.sequence);
      agree("the sequences that came", [second, third], [first, first]);
    },
  }),
  rule("FED-943", "a stream that was set back begins anew, and leaves nothing out", {
    "an answer beyond what was ever sent": async (world) => {
      const { room, alice, peer } = await roomOfBob(world, "beyond");
      await beginsAnew(world, peer, room, alice, (next) => next + 1_000);
    },
    "an answer before what was taken already": async (world) => {
      const { room, alice, peer } = await roomOfBob(world, "setback");
      await entryAt(world, peer, room, await alice.say("taken already"));
      await sleep(1_000);
      const before = peer.incoming.batches.length;
      let told = false;
      script(peer, ({ incarnation, items }) => {
        if (told || items.length === 0) return undefined;
        told = true;
        return { incarnation, next: 1, rejected: [] };
      });
      const position = await alice.say("not lost");
      await world.patiently(() => entryAt(world, peer, room, position));
      // What the sender still has comes again from 1 on; else all of it in a new incarnation.
      const again = peer.incoming.batches
        .slice(before)
        .map(({ batch }) => batch.items[0]?.sequence);
      ensure(again.includes(1), "it does not begin at 1 again");
      agree("batches that left something out", peer.incoming.gaps, 0);
    },
  }),
  rule(
    "FED-944",
    "a batch has up to 512 items, or one of any length, or none",
    {
      "at most two are unanswered": async (world) => {
        const { room, alice, peer } = await roomOfBob(world, "sluggish");
        let [unanswered, most] = [0, 0];
        peer.scripts.set("notify", async (_request, usual) => {
          unanswered += 1;
          most = Math.max(most, unanswered);
          await new Promise((resolve) => {
            setTimeout(resolve, 100);
          });
          unanswered -= 1;
          return usual();
        });
        let position = 0;
        for (let at = 0; at < 30; at++) position = await alice.say(`${at}`);
        await entryAt(world, peer, room, position);
        ensure(most <= LIMITS.peerInFlightMax, `${most} batches were unanswered at a time`);
        peer.scripts.delete("notify");
      },
    },
    { last: { "its own batches are so": seenIn("FED-944") } },
  ),
  rule("FED-945", "an item that cannot be taken is rejected alone, and the stream goes on", {
    "a room that is unknown is introduced anew": async (world) => {
      const { room, alice, peer } = await roomOfBob(world, "amnesic");
      let rejected = false;
      peer.incoming.reject = (_item, body) => {
        if (body?.kind !== "entry" || rejected) return undefined;
        rejected = true;
        return "unknownRoom";
      };
      await alice.say("to somebody who has forgotten the room");
      await world.until("an item to be rejected", () => rejected || undefined);
      await alice.sync();
      await world.eventually("a commit with an introduction", async () => {
        await alice.commit({});
        const { delivery } = await entryAt(world, peer, room, alice.position);
        return delivery.introduction !== undefined;
      });
    },
  }),
  rule("FED-946", "a batch that is refused is halved, until one item is left", {
    "all before the refused one arrives, and all once it is taken": async (world) => {
      const { room, alice, peer } = await roomOfBob(world, "narrow");
      const whole = await alice.say("before");
      await entryAt(world, peer, room, whole);
      let poison: number | undefined;
      let alone = 0;
      peer.scripts.set("notify", async ({ body }, usual) => {
        const batch = batchCodec.decode(body);
        const positions = batch.items.map((item) => positionOf(item.body));
        if (poison === undefined) return { status: 503 };
        if (!positions.includes(poison)) return usual();
        if (batch.items.length === 1) alone += 1;
        return refusal("tooLarge");
      });
      const positions: number[] = [];
      for (let at = 0; at < 9; at++) positions.push(await alice.say(`${at}`));
      poison = positions[4];
      const last = present(positions.at(-1), "nothing was said");
      const isAlone = () => alone > 0 || undefined;
      await world.patiently(() => world.until("the refused item to come alone", isAlone));
      const before = entriesAt(peer, room).map(({ entry }) => entry.position);
      const first = positions.slice(0, 4);
      agree("what came before it", new Set(before.slice(-4)), new Set(first));
      peer.scripts.delete("notify");
      await world.patiently(() => entryAt(world, peer, room, last));
      const got = entriesAt(peer, room).map(({ entry }) => [entry.position, entry.kind]);
      const expected = positions.map((position) => [position, "application"]);
      agree("what arrived", got.slice(-9).toSorted(byFirst), expected);
    },
  }),
  rule(
    "FED-947",
    "who gets no answer waits longer each time, until the other one comes",
    {
      // A decision about one server wakes the tries at all others: nothing may run beside it.
      "a server that is denied is not tried again and again": async (world) => {
        const { room, alice, peer } = await roomOfBob(world, "denying");
        let [tries, denying] = [0, true];
        peer.scripts.set("notify", (_request, usual) => {
          tries += 1;
          return denying ? refusal("peerDenied") : usual();
        });
        const position = await alice.say("may I?");
        await sleep(3_000);
        ensure(tries <= 2, `it tried ${tries} times within 3 s`);
        denying = false;
        const admin = await world.admin();
        // Any decision about the server will do.
        await admin.ask("PUT", paths.federationRule(peer.domain), { action: "allow" });
        await entryAt(world, peer, room, position);
        await admin.ask("DELETE", paths.federationRule(peer.domain));
      },
    },
    {
      long: {
        "tries get rarer, and the same items come again": async (world) => {
          const { room, alice, peer } = await roomOfBob(world, "failing");
          const tries: number[] = [];
          const first: (number | undefined)[] = [];
          let failing = true;
          peer.scripts.set("notify", ({ body, at }, usual) => {
            if (!failing) return usual();
            tries.push(at);
            first.push(batchCodec.decode(body).items[0]?.sequence);
            return { status: 503 };
          });
          const position = await alice.say("is anybody there?");
          await sleep(4_000);
          ensure(tries.length >= 2, "it does not try again");
          ensure(tries.length <= 12, `it tried ${tries.length} times within 4 s`);
          agree("the first sequence of each try", new Set(first.filter(isNumber)).size, 1);
          failing = false;
          const started = performance.now();
          const body = identifierRequestCodec.encode({ user: world.nobody() });
          await peer.ask({ endpoint: "identifierQuery", value: world.subject.domain, body });
          await entryAt(world, peer, room, position);
          world.within("the item, once the server had been heard of,", started, 3_000);
        },
        "it waits as long as it is told": async (world) => {
          const { room, alice, peer } = await roomOfBob(world, "busy");
          const waitMs = 2_500;
          const tries: number[] = [];
          peer.scripts.set("notify", ({ at }, usual) => {
            tries.push(at);
            return tries.length === 1 ? refusal("rateLimited", { retryAfterMs: waitMs }) : usual();
          });
          await entryAt(world, peer, room, await alice.say("later, please"));
          const [one = 0, two = 0] = tries;
          ensure(two - one >= waitMs - 100, `it tried again after ${Math.round(two - one)} ms`);
        },
        "a server that fails keeps no other one waiting": async (world) => {
          const failing = await roomOfBob(world, "dead");
          failing.peer.scripts.set("notify", () => "drop");
          for (let at = 0; at < 10; at++) await failing.alice.say(`${at}`);
          const { room, alice, peer } = await roomOfBob(world, "first");
          const started = performance.now();
          await entryAt(world, peer, room, await alice.say("and you?"));
          world.within("what another server waited for", started, 3_000);
        },
      },
    },
  ),
];

type Answering = (
  batch: Batch,
) => { incarnation: Batch["incarnation"]; next: number; rejected: [] } | undefined;

/** Answers batches in another way where the function says how. */
function script(peer: PeerServer, answer: Answering): void {
  peer.scripts.set("notify", async ({ body }, usual) => {
    const other = answer(batchCodec.decode(body));
    return other === undefined ? usual() : tls(batchAnswerCodec, other);
  });
}

/**
 * The server answers one batch by a `next` that cannot be: a new incarnation begins at 1 with what
 * is there to be sent, and the next commit introduces the room anew.
 */
async function beginsAnew(
  world: World,
  peer: PeerServer,
  room: Parameters<typeof entryAt>[2],
  alice: HostedRoom["alice"],
  wrong: (next: number) => number,
): Promise<void> {
  const [old] = peer.incoming.incarnations;
  let told = false;
  script(peer, ({ incarnation, items }) => {
    if (told || items.length === 0) return undefined;
    told = true;
    return { incarnation, next: wrong(peer.incoming.nextOf(incarnation)), rejected: [] };
  });
  const position = await alice.say("not lost");
  const { sequence } = await world.patiently(() => entryAt(world, peer, room, position));
  const fresh = present(
    peer.incoming.incarnations.find((each) => old === undefined || !equalBytes(each, old)),
    "there is no new incarnation",
  );
  const items = peer.incoming.items.filter(({ incarnation }) => equalBytes(incarnation, fresh));
  agree("the first sequence of the new incarnation", items[0]?.sequence, 1);
  ensure(sequence >= 1, "the entry has no sequence");
  agree("batches that left something out", peer.incoming.gaps, 0);
  await alice.sync();
  await alice.commit({});
  const { delivery } = await entryAt(world, peer, room, alice.position);
  ensure(delivery.introduction !== undefined, "the room is not introduced anew");
  peer.scripts.delete("notify");
}

/** The entry of an item, if it has one. */
function entryIn(body: Uint8Array<ArrayBuffer>): Entry | undefined {
  try {
    return decodeEntry(entryDeliveryCodec.decode(body).entry);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function positionOf(body: Uint8Array<ArrayBuffer>): number | undefined {
  return entryIn(body)?.position;
}

function byFirst(left: readonly unknown[], right: readonly unknown[]): number {
  return Number(left[0]) - Number(right[0]);
}

function isNumber(value: number | undefined): value is number {
  return value !== undefined;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Alice founds so many in other places that a server may well bound her. */
export async function roomOfBob(world: World, label: PeerLabel): Promise<HostedRoom> {
  return hostedRoom(world, label, await world.account("bob"));
}
