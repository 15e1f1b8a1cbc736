import {
  clientListsRequestCodec,
  clientListsResponseCodec,
  signedClientListCodec,
} from "@treehouse/protocol";
import type { ItemBody, UserUri } from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import { agree, ensure } from "../outcome.ts";
import type { PeerServer } from "../peers/server.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import { submit } from "../rooms/remote-seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";

/** Clients that their users have revoked, and what the lists of those that stay come to. */
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
  rule("FED-937", "a server shows the client lists behind a version", {
    "of a user of this server, and of nobody else": async (world) => {
      const alice = await world.account("alice");
      const [peer, other] = [await world.knownPeer("a"), await world.knownPeer("b")];
      const { list } = alice.clientList;
      const [first] = await listsBehind(world, peer, alice.user, list.version - 1);
      agree("the list", first?.list, list);
      agree("behind it", await listsBehind(world, peer, alice.user, list.version), []);
      for (const user of [world.nobody(), other.user("elsewhere").user]) {
        agree("of nobody here", await listsBehind(world, peer, user, 0), []);
      }
    },
  }),
];

async function listsBehind(world: World, peer: PeerServer, user: UserUri, after: number) {
  const { domain: value } = world.subject;
  const body = clientListsRequestCodec.encode({ user, after });
  const answer = await peer.ask({ endpoint: "identifierQuery", value, body });
  const { lists } = answer.struct("a question for client lists", clientListsResponseCodec);
  return lists.map((bytes) => signedClientListCodec.decode(bytes));
}
