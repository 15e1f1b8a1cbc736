import type { PreparedCommit } from "../../src/member/index.ts";
import type { CheckedCommit } from "../../src/public/index.ts";
import { decodeUntrusted, handshakeKind } from "../../src/wire/index.ts";
import { createWorld } from "../world/people.ts";
import type { Member, Room } from "../world/room.ts";
import { foundRoom, persist, restart } from "../world/room.ts";
import type { Late } from "./agreement.ts";
import { checkAgreement, checkRegistration, checkRows, exchangeMessages } from "./agreement.ts";
import { hostileActs } from "./hostile.ts";
import { checkCommitSecret } from "./oracle.ts";
import type { Operation } from "./operations.ts";
import { operations } from "./operations.ts";

/** How often each operation ran. */
export type Tally = Map<string, number>;

/**
 * One random history of a group. Throws, naming seed, step and operation, when members and the
 * public group disagree, when something valid is refused, or something hostile is not.
 */
export async function runSeed(seed: number, steps: number, tally: Tally): Promise<void> {
  const world = createWorld(seed);
  const room = await foundRoom(world, world.user(`founder${seed}`));
  room.watch = (committer, prepared, checked) => watch(room, committer, prepared, checked);
  let late: readonly Late[] = [];
  const history: string[] = [];
  for (let step = 0; step < steps; step++) {
    const possible = Object.entries(operations).filter(([, one]) => one.possible(room));
    const [name, operation] = pickWeighted(possible, (bound) => world.random.below(bound));
    history.push(name);
    tally.set(name, (tally.get(name) ?? 0) + 1);
    try {
      world.advance(1000);
      await operation.run(room);
      await checkAgreement(room);
      late = await exchangeMessages(room, late);
      if (step % 3 === 0) {
        const member = world.random.pick(room.members);
        checkRows(member);
        await restart(world, member);
      }
      if (step % 5 === 0) {
        const act = world.random.pick(hostileActs);
        history.push(act.name);
        tally.set(act.name, (tally.get(act.name) ?? 0) + 1);
        await act.run(room);
        for (const member of room.members) persist(member);
        await checkRegistration(room);
        await checkAgreement(room);
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const path = history.join(" ");
      throw new Error(`seed ${seed}, step ${step}: ${reason} (${path})`, { cause: error });
    }
  }
}

/** What the members would not notice, because the library decides it for all of them alike. */
function watch(
  room: Room,
  committer: Member,
  prepared: PreparedCommit,
  checked: CheckedCommit,
): void {
  const removed = new Set(checked.removed.map(({ leaf }) => leaf));
  const receivers = room.members.filter(
    (member) => member !== committer && !removed.has(member.group.ownLeaf),
  );
  if (receivers.length > 0) {
    const receiver = room.world.random.pick(receivers);
    checkCommitSecret(room, receiver, prepared.commit, checked);
  }
  const { content } = decodeUntrusted(handshakeKind, prepared.commit);
  const hasPath = content.contentType === "commit" && content.commit.path !== undefined;
  const addsOnly = checked.removed.length === 0 && !checked.stateChanged && !checked.external;
  if (!hasPath && !(addsOnly && checked.added.length > 0)) {
    throw new Error("The commit has no path (RFC 9420 §12.4).");
  }
}

function pickWeighted(
  choices: readonly (readonly [string, Operation])[],
  below: (bound: number) => number,
): readonly [string, Operation] {
  const total = choices.reduce((sum, [, { weight }]) => sum + weight, 0);
  let at = below(total);
  for (const choice of choices) {
    at -= choice[1].weight;
    if (at < 0) return choice;
  }
  throw new Error("Nothing can be done in this room.");
}
