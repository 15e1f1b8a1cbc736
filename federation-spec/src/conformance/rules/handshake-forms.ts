import type { Bytes, HandshakeRule, RefusalCode } from "@treehouse/protocol";
import { unchanged } from "../clients/account.ts";
import { random } from "../clients/person.ts";
import { namesRule, refusedHandshake, update } from "../rooms/handshakes.ts";
import { hostedRoom } from "../rooms/hosted-room.ts";
import type { HostedRoom } from "../rooms/hosted-room.ts";
import { commitRequest, proposalRequest } from "../rooms/seat.ts";
import { rule } from "../rule.ts";
import type { Rule } from "../rule.ts";
import type { World } from "../world.ts";

/** Of a handshake: what it is, what is expected of the refusal. */
type WrongHandshake = readonly [
  what: string,
  request: Bytes,
  code: RefusalCode,
  rule: HandshakeRule,
];

/** What a hub says of handshakes that are none of this room, by the table of page 13. */
export const handshakeFormRules: readonly Rule[] = [
  rule("FED-995", "a refusal of a handshake names the rule", {
    "what is not the kind of message that it is said to be": async (world) =>
      refusesHandshakes(world, async ({ guest }) => {
        const prepared = await guest.prepare({});
        await guest.group.discard();
        const proposal = await guest.group.proposeRemoval(guest.group.ownLeaf, guest.aad());
        const { commit } = prepared;
        return [
          [
            "a proposal as commit",
            commitRequest({ ...prepared, commit: proposal }),
            "invalidCommit",
            "contentType",
          ],
          ["a commit as proposal", proposalRequest(commit), "invalidProposal", "contentType"],
          [
            "a commit cut short",
            commitRequest({ ...prepared, commit: commit.slice(0, -1) }),
            "malformed",
            "form",
          ],
          ["octets as proposal", proposalRequest(random(64)), "malformed", "form"],
        ];
      }),
    "another epoch": async (world) =>
      refusesHandshakes(world, async ({ guest, alice }) => {
        const late = commitRequest(await guest.prepare({}));
        await guest.group.discard();
        const proposal = await guest.group.proposeRemoval(guest.group.ownLeaf, guest.aad());
        await alice.commit({});
        return [
          ["a commit of an earlier epoch", late, "wrongEpoch", "epoch"],
          ["a proposal of an earlier epoch", proposalRequest(proposal), "wrongEpoch", "epoch"],
        ];
      }),
  }),
];

async function refusesHandshakes(
  world: World,
  make: (room: HostedRoom) => Promise<readonly WrongHandshake[]>,
): Promise<void> {
  const hosted = await hostedRoom(world);
  const { room, alice, guest, peer } = hosted;
  const wrong = await make(hosted);
  await unchanged([alice.account], async () => {
    for (const [what, request, code, broken] of wrong) {
      const answer = await update(peer, room, guest.member.client, request);
      refusedHandshake(what, answer, code);
      namesRule(what, answer, broken);
    }
  });
}
