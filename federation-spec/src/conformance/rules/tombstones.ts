import { chainHashOf, decodeEntry, equalBytes, TOMBSTONE_REASONS } from "@treehouse/protocol";
import { agree, ensure, present } from "../outcome.ts";
import { entryAt } from "../rooms/remote-seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";
import { roomOfBob } from "./sending.ts";

/** What a server sends in the place of an entry that another one does not take. */
export const tombstoneRules: readonly Rule[] = [
  rule("FED-209", "a tombstone stands for an entry", {
    "of one that was rejected it has the place, and the chain hash": async (world) => {
      const { seat, entry } = await tombstoneOf(world);
      const { room, alice, peer } = seat;
      agree("its reason", entry.reason, TOMBSTONE_REASONS.rejected);
      const [own] = await alice.account.entries(room, entry.position - 1);
      const octets = present(own, "Alice cannot read her entry");
      const real = decodeEntry(octets);
      agree("what it replaces", entry.replaced, chainHashOf(real, octets));
      ensure(equalBytes(entry.previous, real.previous), "it has another `previous`");
      const next = await entryAt(world, peer, room, entry.position + 1);
      agree("what follows", next.entry.previous, entry.replaced);
    },
  }),
  rule("FED-945", "an item that cannot be taken is rejected alone, and the stream goes on", {
    "in the place of a rejected entry comes a tombstone": async (world) => {
      const { poison, sequence } = await tombstoneOf(world);
      ensure(sequence > poison, "it is no new item");
    },
  }),
];

/** What comes in the place of an entry that a follower has rejected as malformed. */
async function tombstoneOf(world: World) {
  const seat = await roomOfBob(world, "picky");
  const { room, alice, peer } = seat;
  let poison: number | undefined;
  peer.incoming.reject = ({ sequence }, body) => {
    if (body?.kind !== "entry" || poison !== undefined) return undefined;
    if (decodeEntry(body.entry).kind !== "application") return undefined;
    poison = sequence;
    return "malformed";
  };
  const position = await alice.say("poison");
  await alice.say("an antidote");
  await alice.sync();
  const { entry, sequence } = await entryAt(world, peer, room, position);
  ensure(entry.kind === "tombstone", `a ${entry.kind} came in its place`);
  return { seat, entry, sequence, poison: present(poison, "nothing was rejected") };
}
