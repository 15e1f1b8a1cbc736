import type { Ledger } from "./ledger.ts";
import type { Burst, Plan } from "./plan.ts";
import type { ServerProcess } from "./server-process.ts";
import type { Chat } from "./user-process.ts";

const patienceSeconds = 60;
const waitingMax = 12;

type Talk = {
  readonly server: Pick<ServerProcess, "kill" | "restart">;
  readonly ledger: Ledger;
  readonly chats: ReadonlyMap<string, Chat>;
  say(line: string): void;
};

/**
 * Everybody talks. Carol is removed after a third and added again after two thirds; in between
 * only the others speak. Answers, for each kill, how many messages were under way at its moment:
 * said, and not yet known to be accepted.
 */
export async function converse(talk: Talk, plan: Plan): Promise<readonly number[]> {
  const { ledger, chats, say } = talk;
  const [before, without, after] = plan;
  const count = { said: 0 };
  const underWay: number[] = [];
  const part = async (bursts: readonly Burst[]) => {
    for (const burst of bursts) await sayBurst(talk, burst, count, underWay);
    const all = () => acceptedOf(talk) === count.said;
    await ledger.until("all to be accepted", all, patienceSeconds);
  };
  await part(before);
  chats.get("alice")?.say("/remove carol@localhost");
  const gone = () => ledger.happened("carol", "removed", 1);
  await ledger.until("Carol to go", gone, patienceSeconds);
  say("Alice removed Carol; Alice and Bob go on.");
  await part(without);
  chats.get("alice")?.say("/add carol@localhost");
  const back = () => ledger.happened("carol", "joined", 1);
  await ledger.until("Carol to be back", back, patienceSeconds);
  say("Alice added Carol again.");
  await part(after);
  return underWay;
}

async function sayBurst(
  talk: Talk,
  { lines, killAfter }: Burst,
  count: { said: number },
  underWay: number[],
): Promise<void> {
  const { ledger, server, chats } = talk;
  // Whatever was said before is accepted, or the count below would not be of this burst.
  if (killAfter !== undefined) {
    const idle = () => acceptedOf(talk) === count.said;
    await ledger.until("the queue to drain", idle, patienceSeconds);
  }
  const base = count.said;
  for (const { user, text } of lines) chats.get(user)?.say(text);
  count.said += lines.length;
  if (killAfter === undefined) {
    const shrunk = () => count.said - acceptedOf(talk) < waitingMax;
    await ledger.until("the queue to shrink", shrunk, patienceSeconds);
    return;
  }
  const due = () => acceptedOf(talk) >= base + killAfter;
  await ledger.until("the moment of a kill", due, patienceSeconds, () => {
    server.kill();
    underWay.push(count.said - acceptedOf(talk));
  });
  await server.restart();
  talk.say(`The server was killed with ${underWay.at(-1)} messages under way, and is back.`);
}

function acceptedOf({ ledger, chats }: Talk): number {
  return [...chats.keys()].reduce((sum, name) => sum + ledger.told(name).accepted.size, 0);
}
