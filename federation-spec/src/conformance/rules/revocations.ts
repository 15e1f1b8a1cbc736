import type { ItemBody } from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import { agree, ensure } from "../outcome.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import { submit } from "../rooms/remote-seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";

/** Clients that their users have revoked. */
export const revocationRules: readonly Rule[] = [
  rule("FED-970", "a revoked client is taken nothing from, and its last place is kept a while", {
    "the last client of its user in a room": async (world) => {
      const { alice, guest, peer } = await hostedRoom(world);
      const { client } = guest.member;
      const position = await alice.say("before");
      const item: ItemBody = { kind: "clientRevoked", client, revokedAt: Date.now() };
      // Once more is the same.
      agree("the verdicts", await peer.outgoing.verdicts([item, item]), [undefined, undefined]);
      await world.eventually("its messages to be refused", async () => {
        const [answer] = await submit(peer, [await guest.submission("of a revoked client")]);
        return answer?.status === "refused" && answer.code === "removed";
      });
      await alice.sync();
      const later = alice.entries.filter((entry) => entry.position > position);
      ensure(!later.some(({ kind }) => kind === "proposal"), "its last place is not kept");
      ensure(
        alice.group.members().some((member) => member.client === client),
        "it is out already",
      );
    },
    "by nobody else's word": async (world) => {
      const [peer, other] = [await world.knownPeer("a"), await world.knownPeer("b")];
      const alice = await world.account("alice");
      const revoked = { kind: "clientRevoked", revokedAt: 0 } as const;
      const mine: ItemBody = { ...revoked, client: peer.user("guest").client };
      const theirs: ItemBody = { ...revoked, client: alice.client };
      await unchanged([alice], async () => {
        agree("of another server's user", await other.outgoing.verdicts([mine]), ["notAllowed"]);
        agree("of the receiver's user", await peer.outgoing.verdicts([theirs]), ["notAllowed"]);
      });
    },
  }),
];
