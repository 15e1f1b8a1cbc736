import type { Bytes } from "@treehouse/protocol";
import { expect, test } from "vitest";

import type { MemberGroup } from "../../src/member/index.ts";
import { loadGroup } from "../../src/member/index.ts";
import type { Verdict } from "../rules/lab.ts";
import { memberVerdict } from "../rules/lab.ts";
import type { SeededRandom } from "../world/random.ts";
import type { Member, Room } from "../world/room.ts";
import { add, commit, newcomer, proposeByHub } from "../world/room.ts";
import { trio } from "../world/trio.ts";

type Message = { readonly kind: "commit" | "proposal"; readonly bytes: Bytes; readonly at: number };

/** All handshakes of a while, as the hub put them in order. */
async function handshakes(room: Room, alice: Member): Promise<readonly Message[]> {
  const sent: Message[] = [];
  const at = room.world.context.now();
  room.watch = (_, prepared) => sent.push({ kind: "commit", bytes: prepared.commit, at });
  const others = () => room.members.filter((member) => member.group.ownLeaf !== 1);
  for (let round = 0; round < 3; round += 1) {
    for (const member of others()) await commit(room, member, {});
    await add(room, alice, [newcomer(room.world, `guest${round}`)]);
    const leaf = room.members.at(-1)?.group.ownLeaf ?? 0;
    await proposeByHub(room, [leaf]);
    const proposal = room.hub.pendingProposals.map(({ message }) => message);
    for (const bytes of proposal) sent.push({ kind: "proposal", bytes, at });
    await commit(room, alice, {});
  }
  delete room.watch;
  return sent;
}

function shuffled<T>(random: SeededRandom, items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, place: random.below(2 ** 31) }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

/** Why it was not taken, in which case nothing has changed. */
function refusal(group: MemberGroup, { kind, bytes, at }: Message): Promise<Verdict | undefined> {
  return memberVerdict(group, () =>
    kind === "commit"
      ? group.processCommit(bytes, { acceptedAt: at })
      : group.processProposal(bytes),
  );
}

test("T-27 handshakes that come twice, late or in another order change nothing but in their place", async () => {
  const { room, alice, bob } = await trio(91);
  const { random } = room.world;
  const before = new Map(bob.rows);
  const sent = await handshakes(room, alice);
  const { epoch } = alice.group;
  const authenticator = alice.group.epochAuthenticator();
  expect(sent.length).toBeGreaterThan(12);
  const reasons = new Set<Verdict["rule"]>();
  for (let run = 0; run < 4; run += 1) {
    const group = await loadGroup(room.world.context, bob.identity, before);
    let accepted = 0;
    // As often as somebody sends them: each time all of them, some twice, in any order.
    while (accepted < sent.length) {
      const twice = sent.filter(() => random.below(4) === 0);
      for (const message of shuffled(random, [...sent, ...twice])) {
        const verdict = await refusal(group, message);
        if (verdict === undefined) accepted += 1;
        else reasons.add(verdict.rule);
      }
    }
    expect(group.epoch).toBe(epoch);
    expect(group.epochAuthenticator()).toEqual(authenticator);
    expect(accepted).toBe(sent.length);
  }
  expect(reasons).toEqual(new Set(["epoch", "referenceUnknown"]));
});
